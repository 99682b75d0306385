#pragma once
// PostgreSQL's own C client.
#include <libpq-fe.h>

// Field codes of an error: character macros, which Swift does not import.
static const int postgres_field_severity = PG_DIAG_SEVERITY_NONLOCALIZED;
static const int postgres_field_sql_state = PG_DIAG_SQLSTATE;
static const int postgres_field_message = PG_DIAG_MESSAGE_PRIMARY;
static const int postgres_field_detail = PG_DIAG_MESSAGE_DETAIL;
static const int postgres_field_constraint = PG_DIAG_CONSTRAINT_NAME;
