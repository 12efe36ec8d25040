/* What a service includes. */
#ifndef EVT_EVT_H
#define EVT_EVT_H

#include <evt/ctx.h>
#include <evt/err.h>
#include <evt/service.h>
#include <evt/store.h>

#endif
