
#ifndef _TFW_ENGINES_H_INCLUDED_
#define _TFW_ENGINES_H_INCLUDED_


#include "tfw_engine.h"


/* The engines of this build, ended by NULL. */
extern const tfw_engine_t *const  tfw_engines[];

/* The engine for instances.db_type, or NULL when this build has none. */
const tfw_engine_t *tfw_engines_find(tf_str_t db_type);


#endif /* _TFW_ENGINES_H_INCLUDED_ */
