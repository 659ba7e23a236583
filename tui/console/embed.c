/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that travel in the binary. The paths are from the top of the tree, where make runs. */
#include "console/embed.h"

#define EMBED(symbol, path)                  \
	__asm__(".section .rodata\n"         \
		".balign 16\n"               \
		"embed_" #symbol "_begin:\n" \
		".incbin \"" path "\"\n"     \
		"embed_" #symbol "_end:\n"   \
		".byte 0\n"                  \
		".previous\n");              \
	extern const char embed_##symbol##_begin[], embed_##symbol##_end[]

EMBED(default_theme, "themes/default.theme");
EMBED(light_theme, "themes/light.theme");
EMBED(high_contrast_theme, "themes/high-contrast.theme");
EMBED(mono_theme, "themes/mono.theme");

const struct embed embedded_themes[] = {
	{ "default", embed_default_theme_begin, embed_default_theme_end },
	{ "light", embed_light_theme_begin, embed_light_theme_end },
	{ "high-contrast", embed_high_contrast_theme_begin, embed_high_contrast_theme_end },
	{ "mono", embed_mono_theme_begin, embed_mono_theme_end },
	{ 0 },
};
