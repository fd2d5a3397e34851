
#ifndef _TFW_CLOCK_H_INCLUDED_
#define _TFW_CLOCK_H_INCLUDED_


#include <stdint.h>


/* ms of CLOCK_MONOTONIC */
int64_t tfw_clock(void);


#endif /* _TFW_CLOCK_H_INCLUDED_ */
