/* SPDX-License-Identifier: BSD-2-Clause */
/* Secrets in command lines are hidden, everything else stays as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/mask.h"

/* Arguments are written with '|' between them. */
static void check(const char *in, const char *want)
{
	size_t n = strlen(in);
	char *p = malloc(n ? n : 1); /* exactly, so that the sanitizer sees every step too far */

	assert_non_null(p);
	for (size_t i = 0; i < n; i++)
		p[i] = in[i] == '|' ? 0 : in[i];
	mask_args(p, n);
	for (size_t i = 0; i < n; i++)
		p[i] = p[i] ? p[i] : '|';
	if (strlen(want) != n || memcmp(p, want, n) != 0)
		fail_msg("%s\n   became %.*s\n   not    %s", in, (int)n, p, want);
	free(p);
}

static const struct {
	const char *in, *want;
} hidden[] = {
	/* options that name a secret */
	{ "app|--password|hunter2|run", "app|--password|*******|run" },
	{ "app|--password=hunter2", "app|--password=*******" },
	{ "app|-password|hunter2", "app|-password|*******" },
	{ "app|--PASSWORD=hunter2", "app|--PASSWORD=*******" },
	{ "app|--token|abc", "app|--token|***" },
	{ "app|--db-pass|x y", "app|--db-pass|***" },
	{ "app|--api-key=abcd", "app|--api-key=****" },
	{ "app|--client-secret|-dash", "app|--client-secret|*****" },
	{ "app|--password|", "app|--password|" },
	{ "app|--spring.datasource.password=pw1", "app|--spring.datasource.password=***" },
	{ "java|-Ddb.password=pw1|Main", "java|-Ddb.password=***|Main" },
	{ "vault|login|-token=hvx", "vault|login|-token=***" },
	/* clients with short options */
	{ "mysql|-pSECRET|-u|root", "mysql|-p******|-u|root" },
	{ "/usr/bin/mysqldump|-pSECRET", "/usr/bin/mysqldump|-p******" },
	{ "sshpass|-p|SECRET|ssh|host", "sshpass|-p|******|ssh|host" },
	{ "redis-cli|-a|SECRET|ping", "redis-cli|-a|******|ping" },
	{ "curl|-u|user:pw|http://h/", "curl|-u|user:**|http://h/" },
	{ "curl|-uuser:pw|http://h/", "curl|-uuser:**|http://h/" },
	{ "curl|--user|user:pw", "curl|--user|user:**" },
	{ "docker|login|-u|me|-p|SECRET|reg", "docker|login|-u|me|-p|******|reg" },
	{ "ldapsearch|-w|SECRET|-x", "ldapsearch|-w|******|-x" },
	/* headers */
	{ "curl|-H|Authorization: Bearer abc.def|h", "curl|-H|Authorization: Bearer *******|h" },
	{ "curl|-H|authorization: Basic dXNlcg==", "curl|-H|authorization: Basic ********" },
	{ "curl|-H|X-Api-Key: abc", "curl|-H|X-Api-Key: ***" },
	{ "curl|-HCookie: a=b", "curl|-HCookie: ***" },
	{ "x|send Bearer abcdef now", "x|send Bearer ****** now" },
	/* URLs */
	{ "app|https://u:p@h/x", "app|https://u:*@h/x" },
	{ "app|postgres://u:p@ss@h:5432/db", "app|postgres://u:****@h:5432/db" },
	{ "app|--url=redis://:pw@h:6379", "app|--url=redis://:**@h:6379" },
	{ "git|clone|https://0123456789abcdef01@h/r", "git|clone|https://******************@h/r" },
	{ "app|a://u:p@h,b://v:q@i", "app|a://u:*@h,b://v:*@i" },
	{ "app|https://h/?a=1&token=abc&b=2", "app|https://h/?a=1&token=***&b=2" },
	/* names of the environment */
	{ "env|PGPASSWORD=hunter2|psql", "env|PGPASSWORD=*******|psql" },
	{ "MYSQL_PWD=pw x", "MYSQL_PWD=****" },
	{ "sh|-c|PGPASSWORD=hunter2 psql -h db", "sh|-c|PGPASSWORD=******* psql -h db" },
	{ "sh|-c|export TOKEN='a b' && run", "sh|-c|export TOKEN='***' && run" },
	{ "AWS_SECRET_ACCESS_KEY=abc/def+ghi", "AWS_SECRET_ACCESS_KEY=***********" },
	{ "REDISCLI_AUTH=abc", "REDISCLI_AUTH=***" },
	{ "DB_PASSWORD=a=b", "DB_PASSWORD=***" },
	{ "SECRET_KEY=x", "SECRET_KEY=*" },
	{ "docker|run|-e|DB_PASSWORD=abc|img", "docker|run|-e|DB_PASSWORD=***|img" },
	/* a shell's words are looked at one by one */
	{ "sh|-c|mysql -pSECRET -u root", "sh|-c|mysql -p****** -u root" },
	{ "sh|-c|app --password hunter2 run", "sh|-c|app --password ******* run" },
	{ "bash|-lc|curl -u user:pw http://h", "bash|-lc|curl -u user:** http://h" },
	/* where a name is an argument of its own, or a scheme says it */
	{ "openssl|rsa|-passin|pass:hunter2", "openssl|rsa|-passin|pass:*******" },
	{ "aws|configure|set|aws_secret_access_key|abc",
	  "aws|configure|set|aws_secret_access_key|***" },
	{ "kubectl|create|secret|generic|x|--from-literal=password=abc",
	  "kubectl|create|secret|generic|x|--from-literal=password=***" },
	{ "git|-c|http.extraHeader=Authorization: Basic abc=",
	  "git|-c|http.extraHeader=Authorization: Basic ****" },
	{ "app|AccountName=x;AccountKey=abc==;EndpointSuffix=y",
	  "app|AccountName=x;AccountKey=*****;EndpointSuffix=y" },
	{ "app|https://hooks.slack.com/services/T0/B0/abc",
	  "app|https://hooks.slack.com/services/*********" },
	{ "app|-----BEGIN PRIVATE KEY-----MIIE", "app|-----BEGIN PRIVATE KEY-----****" },
	/* shapes */
	{ "app|AKIAIOSFODNN7EXAMPLE", "app|AKIA****************" },
	{ "app|ghp_0123456789abcdefghijklmnopqrstuvwxyz",
	  "app|ghp_************************************" },
	{ "app|eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
	  "app|eyJ**************************************" },
	{ "app|x=xoxb-123456789012-abcdefgh", "app|x=xoxb-*********************" },
};

static void secrets_are_hidden(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		check(hidden[i].in, hidden[i].want);
}

static const char *const kept[] = {
	"",
	"|",
	"||",
	"app",
	"app|-p|8080",
	"app|--port|8080",
	"app|--port=8080",
	"docker|run|-p|80:80|img",
	"ssh|-p|2222|host",
	"mkdir|-p|/a/b",
	"cp|-p|a|b",
	"mysql|-p|-u|root",
	"mysql|-P|3306",
	"nginx|-g|daemon off;",
	"ls|/etc/passwd",
	"cat|/run/secrets/token",
	"app|--password-file=/run/pw",
	"app|--password-file|/run/pw",
	"app|--token-path=/x",
	"kubelet|--tls-private-key-file=/x.key",
	"app|--key-id=abc",
	"app|--secret-name=db",
	"app|--token-ttl=1h",
	"app|--no-password",
	"app|--keyboard=de",
	"app|--monkey=1",
	"app|--passive=1",
	"app|--password=true",
	"app|a=b=c",
	"app|https://host/path",
	"app|http://u@h/",
	"app|/path:/other",
	"tar|-x|--no-same-owner",
	"curl|-u|user|h",
	"psql|-h|db|-U|me",
	"app|key: value and more",
	"grep|-rn|token|src",
	"app|--auth-mode=RBAC",
	"dd|if=/dev/zero|of=/x|bs=1M",
	"app|eyJust a word",
	"app|sk-short",
	"node|--max-old-space-size=4096",
	"app|user@host:/path",
	"app|mailto:a@b.c",
	"app|12:34:56",
	"java|-XX:+UseG1GC",
	"kube-apiserver|--service-account-key-file=/k|--authorization-mode=Node",
	"postgres: writer process   ",
	"sshd: root@pts/0",
};

static void what_is_no_secret_stays(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		check(kept[i], kept[i]);
}

static void masking_twice_changes_nothing_more(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		check(hidden[i].want, hidden[i].want);
}

static void the_number_of_secrets_is_told(void **state)
{
	char none[] = "ls\0-l", two[] = "app\0--password=a\0https://u:p@h";

	(void)state;
	assert_int_equal(mask_args(none, sizeof(none)), 0);
	assert_int_equal(mask_args(two, sizeof(two)), 2);
	assert_int_equal(mask_args(NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_are_hidden),
		cmocka_unit_test(what_is_no_secret_stays),
		cmocka_unit_test(masking_twice_changes_nothing_more),
		cmocka_unit_test(the_number_of_secrets_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
