
/*
 * The worker's log: one JSON object a line on stderr, written by one write()
 * so that lines of several processes never mix.  Control characters in
 * messages are escaped; whoever reads the log is not fooled by a name.
 */


#ifndef _TFW_LOG_H_INCLUDED_
#define _TFW_LOG_H_INCLUDED_


#include <stdarg.h>

#include "tf_error.h"


/* level: "info", "warning", "error".  Messages are cut at 2 KiB. */
void tfw_log(const char *level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void tfw_logv(const char *level, const char *fmt, va_list args);

/* What failed, with the code and detail of err. */
void tfw_log_err(const char *level, const tf_err_t *err, const char *what);

/* Ids that stand in every later line of this process: a task item's and its
 * run's; 0 and NULL for none. */
void tfw_log_item(int64_t item, const char *run);


#endif /* _TFW_LOG_H_INCLUDED_ */
