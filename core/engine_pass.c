/* SPDX-License-Identifier: BSD-2-Clause */
/* Passes over all tasks and sockets, in slices: the first picture, repair after a loss, CPU times.
 */
#include "base/clock.h"
#include "base/macros.h"
#include "engine_state.h"

#define CPU_PASS_NS (2 * NS_PER_S)
#define PASS_SHARE  50 /* a pass may cost one part in so many of the time */

void pass_begin(struct engine *e, bool first, bool sockets, uint64_t now)
{
	e->pass.active = true;
	e->pass.first = first;
	e->pass.sockets = sockets;
	e->pass.began_ns = now;
	e->pass.cost_ns = 0;
	model_pass_begin(e->model, first, sockets, now);
}

void pass_slice(struct engine *e, uint64_t now, uint64_t budget_ns)
{
	struct sensor_sink sink = engine_sink(e);
	struct pass *p = &e->pass;

	if (e->replaying)
		return;
	if (!p->active) {
		if (now >= p->next_full_ns)
			pass_begin(e, false, true, now);
		else if (now >= p->next_cpu_ns)
			pass_begin(e, false, false, now);
		else
			return;
	}
	if (sensor_picture(e->sensor, p->sockets, budget_ns, &sink) > 0) {
		p->cost_ns += clock_boot() - now;
		return;
	}
	p->cost_ns += clock_boot() - now;
	p->active = false;
	p->repair = false;
	p->next_cpu_ns = now + MAX(CPU_PASS_NS, p->cost_ns * PASS_SHARE);
	if (p->sockets) {
		/* What nobody looks at is compared seldom; connections on screen each second. */
		uint64_t period = e->watching_conns ? NS_PER_S : 30 * NS_PER_S;

		p->next_full_ns = now + MAX(period, p->cost_ns * PASS_SHARE);
	}
	if (p->first) {
		model_node(e->model)->picture_done = true;
		e->picture_ns = now;
	}
}
