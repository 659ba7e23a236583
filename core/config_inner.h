/* SPDX-License-Identifier: BSD-2-Clause */
/* What the two halves of the options share. */
#ifndef CONFIG_INNER_H
#define CONFIG_INNER_H

#include "sonde/config.h"

/* The option with this key of sonde.yaml, NULL when there is none; and the nearest right key. */
const struct sonde_option *config_option_by_key(const char *key);
const char *config_key_nearest(const char *key);

/* Apply the text of a sonde.yaml; @path is for the warnings. As sonde_config_file(). */
int config_parse(struct sonde_config *c, const char *path, const char *p, size_t n);

#endif
