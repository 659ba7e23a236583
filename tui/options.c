/* SPDX-License-Identifier: BSD-2-Clause */
/* The call: which command, its options from all sources, its words. */
#include "options.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/commands.h"

/* One "--name[=value]" of the command line, kept until files and environment are read. */
struct flag {
	const struct sonde_option *option;
	const char *value;
};

struct call {
	struct flag flags[64];
	size_t n;
};

static int add_flag(struct call *call, int argc, char **argv, int *i, struct sonde_err *err)
{
	const char *arg = argv[*i], *equals = strchr(arg, '=');
	size_t len = equals ? (size_t)(equals - arg) : strlen(arg);
	const struct sonde_option *o = NULL;
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)len - 2, arg + 2);
	if (len - 2 < sizeof(name))
		o = sonde_option_find(name);
	if (!o)
		return sonde_err_set(err, -EINVAL,
				     "there is no option '--%s', did you mean '--%s'?", name,
				     sonde_option_nearest(name));
	if (call->n == sizeof(call->flags) / sizeof(call->flags[0]))
		return sonde_err_set(err, -EINVAL, "there are too many options");
	if (!equals && o->type != SONDE_OPTION_BOOL && ++*i == argc)
		return sonde_err_set(err, -EINVAL, "--%s wants %s behind it", name, o->arg);
	call->flags[call->n++] = (struct flag){
		.option = o,
		.value = equals                         ? equals + 1
			 : o->type == SONDE_OPTION_BOOL ? "true"
							: argv[*i],
	};
	return 0;
}

static int add_word(struct options *o, const char *word, struct sonde_err *err)
{
	if (!o->command) {
		o->command = command_find(word);
		if (!o->command)
			return sonde_err_set(err, -EINVAL,
					     "there is no command '%.40s', did you mean '%s'?",
					     word, command_nearest(word));
		return 0;
	}
	if (o->n_words == o->command->most)
		return sonde_err_set(err, -EINVAL, "'%.40s' is one word too many for '%s'", word,
				     o->command->name);
	o->words[o->n_words++] = word;
	return 0;
}

static int split(struct options *o, struct call *call, int argc, char **argv, struct sonde_err *err)
{
	bool only_words = false;
	int r = 0;

	for (int i = 1; i < argc && !r; i++) {
		const char *arg = argv[i];

		if (only_words || arg[0] != '-' || !arg[1])
			r = add_word(o, arg, err);
		else if (!strcmp(arg, "--"))
			only_words = true;
		else if (arg[1] == '-')
			r = add_flag(call, argc, argv, &i, err);
		else if (!strcmp(arg, "-h"))
			call->flags[call->n++] = (struct flag){ sonde_option_find("help"), "true" };
		else
			r = sonde_err_set(err, -EINVAL,
					  "there is no option '%.40s', see sonde help", arg);
		if (call->n >= 60)
			r = sonde_err_set(err, -EINVAL, "there are too many options");
	}
	if (!r && !o->command)
		o->command = command_find("");
	return r;
}

static int check(struct options *o, const struct call *call, struct sonde_err *err)
{
	const struct command *c = o->command;

	for (size_t i = 0; i < call->n; i++)
		if (!command_takes(c, call->flags[i].option->name))
			return sonde_err_set(err, -EINVAL, "%s%s takes no --%s, see sonde help",
					     *c->name ? "sonde " : "the console", c->name,
					     call->flags[i].option->name);
	if (o->n_words < c->least && !o->c.help)
		return sonde_err_set(err, -EINVAL, "sonde %s wants %s", c->name, c->words);
	return 0;
}

void options_user_dir(const struct options *o, char *dst, size_t size)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	dst[0] = 0;
	if (strcmp(o->c.config, sonde_option_find("config")->def))
		return;
	if (xdg && *xdg == '/')
		snprintf(dst, size, "%s/sonde", xdg);
	else if (home && *home == '/')
		snprintf(dst, size, "%s/.config/sonde", home);
}

/* Warnings stay in o->c.warnings, only a lack of memory ends it. */
static int read_files(struct options *o, struct sonde_err *err)
{
	char dir[PATH_MAX - 16], path[PATH_MAX];

	snprintf(path, sizeof(path), "%.4000s/sonde.yaml", o->c.config);
	if (sonde_config_file(&o->c, path) == -ENOMEM)
		return sonde_err_set(err, -ENOMEM, "not enough memory for the options");
	options_user_dir(o, dir, sizeof(dir));
	if (!*dir)
		return 0;
	snprintf(path, sizeof(path), "%.4000s/sonde.yaml", dir);
	if (sonde_config_file(&o->c, path) == -ENOMEM)
		return sonde_err_set(err, -ENOMEM, "not enough memory for the options");
	return 0;
}

static int apply_flags(struct options *o, const struct call *call, bool config,
		       struct sonde_err *err)
{
	for (size_t i = 0; i < call->n; i++) {
		const struct flag *f = &call->flags[i];
		struct sonde_err why;
		int r;

		if (config && strcmp(f->option->name, "config"))
			continue;
		r = sonde_config_set(&o->c, f->option, f->value, &why);
		if (r)
			return sonde_err_set(err, r, "--%s", why.text);
	}
	return 0;
}

int options_read(struct options *o, int argc, char **argv, struct sonde_err *err)
{
	struct call call = { .n = 0 };
	int r;

	memset(o, 0, sizeof(*o));
	r = sonde_config_init(&o->c);
	if (r)
		return sonde_err_set(err, r, "not enough memory for the options");
	r = split(o, &call, argc, argv, err);
	if (r)
		return r;
	/* The environment twice: it may say where the files are, and it wins over them. */
	r = sonde_config_env(&o->c, err);
	if (!r)
		r = apply_flags(o, &call, true, err);
	if (!r)
		r = read_files(o, err);
	if (!r)
		r = sonde_config_env(&o->c, err);
	if (!r)
		r = apply_flags(o, &call, false, err);
	return r ? r : check(o, &call, err);
}

void options_done(struct options *o)
{
	sonde_config_done(&o->c);
}

static const char *given(const char *text)
{
	return *text ? text : NULL;
}

struct sonde_opts options_open(const struct options *o)
{
	return (struct sonde_opts){
		.state_dir = given(o->c.state_dir),
		.run_dir = given(o->c.run_dir),
		.bpf_dir = given(o->c.bpf_dir),
		.host_root = given(o->c.host_root),
		.history = given(o->c.history),
		.runtime_roots = given(o->c.runtime_roots),
		.ring_kib = (unsigned)o->c.ring_kib,
		.budget = (unsigned)o->c.budget,
		.no_bpf = o->c.no_bpf,
		.no_names = o->c.no_names,
	};
}
