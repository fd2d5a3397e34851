
/*
 * The release both programs belong to.
 */


#ifndef _TF_RELEASE_H_INCLUDED_
#define _TF_RELEASE_H_INCLUDED_


#define TF_RELEASE  "1.0.0"


#endif /* _TF_RELEASE_H_INCLUDED_ */
