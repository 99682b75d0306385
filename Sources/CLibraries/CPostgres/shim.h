#pragma once
// PostgreSQL's own C client.
#include <libpq-fe.h>
