
/*
 * The insides of a set of accounts, for the files of this feature that write,
 * parse and compare accounts.
 */


#ifndef _TF_ACCOUNT_INT_H_INCLUDED_
#define _TF_ACCOUNT_INT_H_INCLUDED_


#include "tf_account.h"


/* A distinct name, kept once; equal names are equal pointers. */

typedef struct {
    tf_str_t             str;
    uint32_t             hash;
    uint32_t             account;   /* index + 1 when it is a principal */
} tf_account_name_t;


typedef struct {
    const tf_category_t     *category;
    const tf_account_name_t *database;
    const tf_account_name_t *object;
    const tf_account_name_t *privilege;
    const tf_account_name_t *id;        /* as tf_right_t has it; NULL: none */
    uint32_t                 account;
    tf_state_e               state;
} tf_account_grant_t;


/* An attribute of type_specific. */

typedef struct {
    const tf_account_name_t *name;
    const tf_account_name_t *value;     /* JSON text */
    uint32_t                 account;
} tf_account_attr_t;


/* Rows in the order of their coming, then, in one array, by account. */

#define TF_ACCOUNT_ROWS  4096

typedef struct tf_account_block_s  tf_account_block_t;

struct tf_account_block_s {
    tf_account_block_t      *next;
    size_t                   count;
    tf_account_grant_t       grant[TF_ACCOUNT_ROWS];
};


struct tf_accounts_s {
    const tf_mem_t          *mem;
    const tf_engine_t       *engine;
    tf_scopes_t              scopes;
    unsigned                 unread:1;  /* some scope never was read */

    tf_account_name_t      **name;      /* hash table, open addressing */
    size_t                   names;
    size_t                   name_slots;

    tf_account_t            *account;
    size_t                   accounts;
    size_t                   account_size;

    tf_account_block_t      *first;
    tf_account_block_t      *last;
    tf_account_attr_t       *attr;
    size_t                   attrs;
    size_t                   attr_size;

    /* of the last row; rows come grouped */
    tf_account_name_t       *principal;

    /* after sorting: those of account n are [start[n], start[n + 1]) */
    tf_account_grant_t      *grant;
    size_t                  *grant_start;
    size_t                  *attr_start;
};


/* The only copy of a name, or NULL when memory is out; without add also when
 * it never came. */
tf_account_name_t *tf_accounts_name(tf_accounts_t *set, tf_str_t s, int add);

/* 1 when a category's privileges stand for themselves, on no object. */
int tf_account_is_list(const tf_category_t *category);

/* Sorts the grants of one account; equal ones become one.  How many are
 * left. */
size_t tf_account_grants_sort(tf_account_grant_t *g, size_t n);

/* Sets what tf_account_t has of an attribute. */
void tf_account_flag(tf_account_t *a, const char *name,
    const tf_account_name_t *value);

/* The value of an attribute, or NULL; after sorting. */
const tf_account_attr_t *tf_account_attr(const tf_accounts_t *set, size_t n,
    const char *name);


#endif /* _TF_ACCOUNT_INT_H_INCLUDED_ */
