#pragma once
// Redis's own C client: async.h is the non-blocking half that an event loop drives.
#include <hiredis/hiredis.h>
#include <hiredis/async.h>
