
/*
 * Sudden deaths for tests, in builds with -DTFW_INJECTIONS only:
 *
 *     TFW_INJECT=before_commit=20,after_claim=5
 *
 * kills the process with SIGKILL at that point in so many of a hundred cases.
 */


#ifndef _TFW_INJECT_H_INCLUDED_
#define _TFW_INJECT_H_INCLUDED_


#ifdef TFW_INJECTIONS

#define TFW_INJECT(point)  tfw_inject(point)

void tfw_inject(const char *point);

#else

#define TFW_INJECT(point)

#endif


#endif /* _TFW_INJECT_H_INCLUDED_ */
