/* SPDX-License-Identifier: BSD-2-Clause */
/* An event in a few words. */
#ifndef MODEL_EVENT_DETAIL_H
#define MODEL_EVENT_DETAIL_H

#include "model/event_inner.h"

GETTER(event_detail);

#endif
