/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets, seen by the real kernel, in a network namespace of the test's own: the
 * right process, bytes, error and name on each.
 */
#include "sensor_fixture.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* What the child tells its test. */
struct told {
	pid_t client, listener, worker;
	uint16_t port, client_port;
	uint32_t netns;
};

static struct told *told_new(void)
{
	struct told *t =
		mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(t != MAP_FAILED);
	return t;
}

static void must(bool ok)
{
	if (!ok)
		_exit(50);
}

static void own_network(struct told *t)
{
	struct ifreq r = { .ifr_name = "lo" };
	struct stat st;
	int fd;

	must(unshare(CLONE_NEWNET) == 0);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	r.ifr_flags = IFF_UP;
	must(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &r) == 0);
	close(fd);
	must(stat("/proc/self/ns/net", &st) == 0);
	t->netns = (uint32_t)st.st_ino;
}

static int tcp(int family, int listening, uint16_t *port)
{
	union {
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr any;
	} a = { .any = { .sa_family = (sa_family_t)family } };
	socklen_t n = family == AF_INET ? sizeof(a.v4) : sizeof(a.v6);
	int fd = socket(family, SOCK_STREAM, 0);

	if (family == AF_INET)
		a.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		a.v6.sin6_addr = in6addr_loopback;
	a.v4.sin_port = htons(*port); /* at the same place in both */
	if (!listening)
		return connect(fd, &a.any, n) < 0 ? -errno : fd;
	must(bind(fd, &a.any, n) == 0 && listen(fd, 5) == 0 && getsockname(fd, &a.any, &n) == 0);
	*port = ntohs(a.v4.sin_port);
	return fd;
}

static void read_all(int fd, size_t n)
{
	char buf[4096];
	ssize_t got;

	while (n) {
		got = read(fd, buf, n < sizeof(buf) ? n : sizeof(buf));
		must(got > 0);
		n -= (size_t)got;
	}
}

/* A listener whose forked worker accepts; a client of yet another process. */
static void prefork(struct told *t, int family)
{
	static const char bytes[70000];
	int l = tcp(family, 1, &t->port), c, status;
	pid_t worker, client;

	t->listener = getpid();
	worker = fork();
	if (worker == 0) {
		c = accept(l, NULL, NULL);
		must(c >= 0);
		read_all(c, 70000);
		must(write(c, bytes, 333) == 333);
		close(c);
		_exit(0);
	}
	client = fork();
	if (client == 0) {
		struct sockaddr_in6 a;
		socklen_t n = sizeof(a);

		c = tcp(family, 0, &t->port);
		must(c >= 0 && getsockname(c, (struct sockaddr *)&a, &n) == 0);
		t->client_port = ntohs(a.sin6_port);
		must(write(c, bytes, 70000) == 70000);
		read_all(c, 333);
		must(read(c, &status, 1) == 0);
		close(c);
		_exit(0);
	}
	t->worker = worker; /* not at once: the children see the same memory */
	t->client = client;
	must(waitpid(worker, &status, 0) > 0 && status == 0);
	must(waitpid(client, &status, 0) > 0 && status == 0);
	close(l);
}

static void prefork4(void *arg)
{
	own_network(arg);
	prefork(arg, AF_INET);
}

static void prefork6(void *arg)
{
	own_network(arg);
	prefork(arg, AF_INET6);
}

static const struct got *find_port(const struct fixture *f, unsigned type, uint16_t lport)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->got[i].type == type && f->got[i].lport == lport &&
		    (type == EVENT_LISTEN || f->got[i].rport))
			return &f->got[i];
	return NULL;
}

static void check_prefork(struct fixture *f, void (*body)(void *))
{
	struct told *t = told_new();
	const struct got *listen_ev, *connect_ev, *accept_ev, *server, *client;
	bool holder = false;

	fixture_open(f, 4096);
	run_inside(f, body, t);
	fixture_drain(f);

	listen_ev = find_port(f, EVENT_LISTEN, t->port);
	assert_non_null(listen_ev);
	assert_int_equal(listen_ev->pid, t->listener);
	assert_int_equal(listen_ev->netns, t->netns);
	connect_ev = find_port(f, EVENT_CONNECT, t->client_port);
	assert_non_null(connect_ev);
	assert_int_equal(connect_ev->pid, t->client);
	assert_int_equal(connect_ev->rport, t->port);
	assert_true(connect_ev->flags & EV_RET);
	assert_int_equal(connect_ev->ret, 0);
	accept_ev = find_port(f, EVENT_ACCEPT, t->port);
	assert_non_null(accept_ev);
	assert_int_equal(accept_ev->pid, t->listener);
	assert_int_equal(accept_ev->rport, t->client_port);
	for (unsigned i = 0; i < f->n_sockets; i++)
		holder |= f->sockets[i].cookie == accept_ev->cookie &&
			  f->sockets[i].pid == (uint32_t)t->worker;
	assert_true(holder);

	server = find_port(f, EVENT_CLOSE, t->port);
	client = find_port(f, EVENT_CLOSE, t->client_port);
	assert_non_null(server);
	assert_non_null(client);
	assert_int_equal(server->pid, t->worker);
	assert_int_equal(server->cookie, accept_ev->cookie);
	assert_int_equal(client->pid, t->client);
	assert_int_equal(client->cookie, connect_ev->cookie);
	assert_int_equal(server->bytes_in, 70000);
	assert_int_equal(server->bytes_out, 333);
	assert_int_equal(client->bytes_in, 333);
	assert_int_equal(client->bytes_out, 70000);
	assert_true(client->flags & EV_DURATION);
	munmap(t, sizeof(*t));
}

static void both_ends_have_their_process_and_bytes(void **state)
{
	check_prefork(*state, prefork4);
}

static void so_they_have_over_ipv6(void **state)
{
	check_prefork(*state, prefork6);
}

static void refused(void *arg)
{
	struct told *t = arg;

	own_network(t);
	t->client = getpid();
	t->port = 9;
	must(tcp(AF_INET, 0, &t->port) == -ECONNREFUSED);
}

static void a_refused_connect_says_so(void **state)
{
	struct fixture *f = *state;
	struct told *t = told_new();
	const struct got *g;

	fixture_open(f, 1024);
	run_inside(f, refused, t);
	fixture_drain(f);
	g = find(f, EVENT_CONNECT, 0, 0);
	assert_non_null(g);
	assert_int_equal(g->pid, t->client);
	assert_int_equal(g->ret, -ECONNREFUSED);
	assert_int_equal(g->rport, 9);
	assert_int_equal(count_of(f, EVENT_CLOSE), 0); /* it never was a connection */
	munmap(t, sizeof(*t));
}

static int udp(uint16_t port, int bound)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	must(fd >= 0);
	must(bound ? bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0
		   : connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	return fd;
}

static const char question[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0"
			       "\2db\4shop\0"
			       "\0\1\0\1";
static const char answer[] = "\x12\x34\x81\x80\0\1\0\1\0\0\0\0"
			     "\2db\4shop\0"
			     "\0\1\0\1"
			     "\xc0\x0c"
			     "\0\1\0\1\0\0\0\x3c\0\4\x0a\1\2\3";
static const char forged[] = "\x99\x99\x81\x80\0\1\0\1\0\0\0\0"
			     "\2db\4shop\0"
			     "\0\1\0\1"
			     "\xc0\x0c"
			     "\0\1\0\1\0\0\0\x3c\0\4\x06\6\6\6";

/* A question, an answer to nobody's question before it and one to another socket; then the right
 * one. */
static void resolve(void *arg)
{
	struct told *t = arg;
	struct sockaddr_in a;
	socklen_t n = sizeof(a);
	char buf[512];
	int s, c, other;

	own_network(t);
	t->client = getpid();
	s = udp(53, 1);
	c = udp(53, 0);
	other = udp(4444, 1);
	must(send(c, question, sizeof(question) - 1, 0) > 0);
	must(recvfrom(s, buf, sizeof(buf), 0, (struct sockaddr *)&a, &n) == sizeof(question) - 1);
	must(sendto(s, forged, sizeof(forged) - 1, 0, (struct sockaddr *)&a, n) > 0);
	must(sendto(s, answer, sizeof(answer) - 1, 0, (struct sockaddr *)&a, n) > 0);
	a.sin_port = htons(4444);
	must(sendto(s, answer, sizeof(answer) - 1, 0, (struct sockaddr *)&a, n) > 0);
	must(recv(c, buf, sizeof(buf), 0) > 0 && recv(c, buf, sizeof(buf), 0) > 0);
	must(recv(other, buf, sizeof(buf), 0) > 0);
}

static void a_dns_answer_counts_for_the_socket_that_asked(void **state)
{
	struct fixture *f = *state;
	struct told *t = told_new();
	const struct got *dns, *peer;

	fixture_open(f, 1024);
	run_inside(f, resolve, t);
	fixture_drain(f);
	assert_int_equal(count_of(f, EVENT_DNS), 1);
	dns = find(f, EVENT_DNS, 0, 0);
	assert_int_equal(dns->pid, t->client);
	assert_int_equal(dns->rport, 53);
	assert_string_equal(dns->text, "db.shop");
	assert_string_equal(dns->answer, "10.1.2.3");
	peer = find(f, EVENT_UDP, t->client, 0);
	assert_non_null(peer);
	assert_int_equal(peer->rport, 53);
	assert_int_equal(peer->cookie, dns->cookie);
	munmap(t, sizeof(*t));
}

static void greet(void *arg)
{
	static const uint8_t ext[] = "\0\x2b\0\3\2\3\4"
				     "\0\0\0\x0f\0\x0d\0\0\x0a"
				     "pay.svc.io";
	struct told *t = arg;
	uint8_t hello[200] = { 22, 3, 1, 0, 195, 1, 0, 0, 191, 3, 3 };
	size_t at = 43;
	pid_t client;
	int l, c, s;

	own_network(t);
	hello[at++] = 0;
	hello[at++] = 0, hello[at++] = 2, hello[at++] = 0x13, hello[at++] = 1;
	hello[at++] = 1, hello[at++] = 0;
	hello[at++] = 0, hello[at++] = sizeof(ext) - 1;
	memcpy(hello + at, ext, sizeof(ext) - 1);
	l = tcp(AF_INET, 1, &t->port);
	client = fork();
	if (client == 0) {
		c = tcp(AF_INET, 0, &t->port);
		must(write(c, hello, sizeof(hello)) == sizeof(hello));
		must(read(c, hello, 1) == 0);
		_exit(0);
	}
	s = accept(l, NULL, NULL);
	must(s >= 0);
	read_all(s, sizeof(hello));
	close(s);
	t->client = client;
	must(waitpid(client, NULL, 0) > 0);
}

static void a_tls_hello_names_the_server(void **state)
{
	struct fixture *f = *state;
	struct told *t = told_new();
	const struct got *g;

	fixture_open(f, 1024);
	run_inside(f, greet, t);
	fixture_drain(f);
	assert_int_equal(count_of(f, EVENT_TLS), 1);
	g = find(f, EVENT_TLS, 0, 0);
	assert_int_equal(g->pid, t->client);
	assert_string_equal(g->text, "pay.svc.io");
	assert_int_equal(g->rport, t->port);
	assert_int_equal(g->cookie, find(f, EVENT_CONNECT, t->client, 0)->cookie);
	munmap(t, sizeof(*t));
}

/* Before the probes are there: what the picture finds has the cookie that its close will have. */
static void an_old_connection_is_found_and_its_end_is_told(void **state)
{
	struct fixture *f = *state;
	struct told *t = told_new();
	const struct socket_fact *so = NULL;
	struct sensor_sink sink;
	int go[2], status;
	const struct got *end;
	pid_t pid;
	char c;

	assert_int_equal(pipe(go), 0);
	pid = fork();
	if (pid == 0) {
		int l, k, s;

		close(go[1]);
		enter(f->dir);
		own_network(t);
		l = tcp(AF_INET, 1, &t->port);
		k = tcp(AF_INET, 0, &t->port);
		s = accept(l, NULL, NULL);
		must(s >= 0 && write(k, "12345", 5) == 5);
		read_all(s, 5);
		t->worker = getpid(); /* ready */
		must(read(go[0], &c, 1) == 0);
		close(k);
		close(s);
		_exit(0);
	}
	close(go[0]);
	while (!__atomic_load_n(&t->worker, __ATOMIC_ACQUIRE) &&
	       waitpid(pid, &status, WNOHANG) == 0)
		usleep(1000);
	fixture_open(f, 1024);
	sink = fixture_sink(f);
	while (sensor_picture(f->sensor, true, 1000000, &sink) == 1)
		;
	for (unsigned i = 0; i < f->n_sockets; i++)
		if (f->sockets[i].remote.port == t->port && f->sockets[i].netns == t->netns)
			so = &f->sockets[i];
	assert_non_null(so);
	assert_int_equal(so->pid, pid);
	assert_int_equal(so->state, 1);
	assert_int_equal(so->bytes_out, 5);
	close(go[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	fixture_drain(f);
	end = find_port(f, EVENT_CLOSE, so->local.port);
	assert_non_null(end);
	assert_int_equal(end->pid, pid);
	assert_int_equal(end->cookie, so->cookie);
	assert_int_equal(end->bytes_out, 5);
	assert_false(end->flags & EV_DURATION); /* nobody saw it begin */
	munmap(t, sizeof(*t));
}

#define LIVE(t) cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIVE(both_ends_have_their_process_and_bytes),
		LIVE(so_they_have_over_ipv6),
		LIVE(a_refused_connect_says_so),
		LIVE(a_dns_answer_counts_for_the_socket_that_asked),
		LIVE(a_tls_hello_names_the_server),
		LIVE(an_old_connection_is_found_and_its_end_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
