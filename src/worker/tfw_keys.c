
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tfw_keys.h"


typedef char  tfw_kid_t[TF_KID_LEN + 1];


static int tfw_keys_read(const char *path, int secret,
    unsigned char key[TF_KEY_LEN], tf_conf_problem_pt problem);
static const char *tfw_keys_read_fd(int fd, int secret,
    unsigned char key[TF_KEY_LEN]);
static int tfw_keys_ring(tf_ring_t *keys, const char *dir,
    tf_conf_problem_pt problem);
static int tfw_keys_list(const char *ring, tfw_kid_t kids[TF_RING_MAX]);
static int tfw_keys_compare(const void *a, const void *b);
static tf_int_t tfw_keys_write(const char *dir, const char *name, mode_t mode,
    const unsigned char key[TF_KEY_LEN], tf_err_t *err);
static tf_int_t tfw_keys_add(const char *dir, const char *last,
    char kid[TF_KID_LEN + 1], tf_err_t *err);
static int tfw_keys_exist(const char *dir);


int
tfw_keys_load(tfw_keys_t *keys, const char *dir, tf_conf_problem_pt problem)
{
    int            n;
    char           path[PATH_MAX];
    unsigned char  pub[TF_KEY_LEN];

    snprintf(path, sizeof(path), "%s/seal.pub", dir);
    n = tfw_keys_read(path, 0, keys->public_key, problem);

    snprintf(path, sizeof(path), "%s/seal.key", dir);
    n += tfw_keys_read(path, 1, keys->secret_key, problem);

    if (n == 0) {
        crypto_scalarmult_base(pub, keys->secret_key);

        if (!tf_secret_eq(pub, keys->public_key, TF_KEY_LEN)) {
            problem("TAIFISH_KEYS", "seal.pub does not belong to seal.key");
            n++;
        }
    }

    return n + tfw_keys_ring(&keys->ring, dir, problem);
}


tf_int_t
tfw_keys_make(const char *dir, char kid[TF_KID_LEN + 1], tf_err_t *err)
{
    char           ring[PATH_MAX];
    tf_int_t       rc;
    unsigned char  pub[TF_KEY_LEN], sec[TF_KEY_LEN], csrf[TF_KEY_LEN];

    if (tfw_keys_exist(dir)) {
        return tf_fail(err, TF_E_CONSTRAINT_VIOLATION, "TAIFISH_KEYS",
                       "%s has keys already and they are not replaced: what "
                       "was stored with them could never be read again", dir);
    }

    snprintf(ring, sizeof(ring), "%s/ring", dir);

    if ((mkdir(dir, 0755) == -1 && errno != EEXIST)
        || (mkdir(ring, 0700) == -1 && errno != EEXIST))
    {
        return tf_fail(err, TF_E_INTERNAL_ERROR, "TAIFISH_KEYS",
                       "cannot make %s: %s", ring, strerror(errno));
    }

    crypto_box_keypair(pub, sec);
    tf_random(csrf, sizeof(csrf));

    rc = tfw_keys_write(dir, "seal.key", 0400, sec, err) == TF_OK
         && tfw_keys_write(dir, "seal.pub", 0444, pub, err) == TF_OK
         && tfw_keys_write(dir, "csrf.key", 0400, csrf, err) == TF_OK
         ? tfw_keys_add(dir, "", kid, err) : TF_ERROR;

    tf_wipe(sec, sizeof(sec));
    tf_wipe(csrf, sizeof(csrf));

    return rc;
}


tf_int_t
tfw_keys_rotate(const char *dir, char kid[TF_KID_LEN + 1], tf_err_t *err)
{
    int        n;
    char       ring[PATH_MAX];
    tfw_kid_t  kids[TF_RING_MAX];

    snprintf(ring, sizeof(ring), "%s/ring", dir);

    n = tfw_keys_list(ring, kids);

    if (n < 1) {
        return tf_fail(err, TF_E_RESOURCE_NOT_FOUND, "TAIFISH_KEYS",
                       "%s has no keys yet: run keygen first", dir);
    }

    if (n >= TF_RING_MAX) {
        return tf_fail(err, TF_E_CONSTRAINT_VIOLATION, "TAIFISH_KEYS",
                       "%s holds %d keys, the most there may be: remove those "
                       "no credential uses", ring, TF_RING_MAX);
    }

    return tfw_keys_add(dir, kids[n - 1], kid, err);
}


static int
tfw_keys_read(const char *path, int secret, unsigned char key[TF_KEY_LEN],
    tf_conf_problem_pt problem)
{
    int          fd;
    char         what[PATH_MAX + 128];
    const char  *wrong;

    fd = open(path, O_RDONLY|O_CLOEXEC);

    if (fd == -1) {
        wrong = strerror(errno);

    } else {
        wrong = tfw_keys_read_fd(fd, secret, key);
        close(fd);
    }

    if (wrong == NULL) {
        return 0;
    }

    snprintf(what, sizeof(what), "%s: %s", path, wrong);
    problem("TAIFISH_KEYS", what);

    return 1;
}


static const char *
tfw_keys_read_fd(int fd, int secret, unsigned char key[TF_KEY_LEN])
{
    struct stat    st;
    unsigned char  more;

    if (fstat(fd, &st) == -1) {
        return strerror(errno);
    }

    if (secret && st.st_mode & 077) {
        return "others may read this key: its mode has to be 0400 or 0600";
    }

    if (read(fd, key, TF_KEY_LEN) != TF_KEY_LEN || read(fd, &more, 1) != 0) {
        return "is not a key of 32 bytes";
    }

    return NULL;
}


static int
tfw_keys_ring(tf_ring_t *keys, const char *dir, tf_conf_problem_pt problem)
{
    int        i, n, wrong;
    char       ring[PATH_MAX - 64], path[PATH_MAX];
    tfw_kid_t  kids[TF_RING_MAX];

    snprintf(ring, sizeof(ring), "%s/ring", dir);

    n = tfw_keys_list(ring, kids);

    if (n < 1 || n > TF_RING_MAX) {
        snprintf(path, sizeof(path), "%.3000s: %s", ring,
                 n > TF_RING_MAX ? "has more than 16 keys"
                 : n == 0 ? "has no key" : strerror(errno));
        problem("TAIFISH_KEYS", path);
        return 1;
    }

    wrong = 0;

    for (i = 0; i < n; i++) {
        snprintf(path, sizeof(path), "%s/%.16s", ring, kids[i]);

        wrong += tfw_keys_read(path, 1, keys->key[i].key, problem);
        memcpy(keys->key[i].kid, kids[i], sizeof(tfw_kid_t));
    }

    keys->count = n;

    return wrong;
}


/* The names of ring keys by age; -1 when the directory cannot be read, one
 * more than fit when there are too many. */

static int
tfw_keys_list(const char *ring, tfw_kid_t kids[TF_RING_MAX])
{
    int             n;
    DIR            *d;
    struct dirent  *e;

    d = opendir(ring);
    if (d == NULL) {
        return -1;
    }

    n = 0;

    while (n <= TF_RING_MAX && (e = readdir(d)) != NULL) {
        if (strlen(e->d_name) != TF_KID_LEN
            || strspn(e->d_name, "0123456789abcdef") != TF_KID_LEN)
        {
            continue;
        }

        if (n < TF_RING_MAX) {
            memcpy(kids[n], e->d_name, sizeof(tfw_kid_t));
        }

        n++;
    }

    closedir(d);

    if (n <= TF_RING_MAX) {
        qsort(kids, n, sizeof(tfw_kid_t), tfw_keys_compare);
    }

    return n;
}


static int
tfw_keys_compare(const void *a, const void *b)
{
    return strcmp(a, b);
}


static tf_int_t
tfw_keys_write(const char *dir, const char *name, mode_t mode,
    const unsigned char key[TF_KEY_LEN], tf_err_t *err)
{
    int   fd, ok;
    char  path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", dir, name);

    fd = open(path, O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, mode);

    ok = fd != -1 && write(fd, key, TF_KEY_LEN) == TF_KEY_LEN
         && fchmod(fd, mode) == 0 && fsync(fd) == 0;

    if (fd != -1 && close(fd) == -1) {
        ok = 0;
    }

    return ok ? TF_OK : tf_fail(err, TF_E_INTERNAL_ERROR, "TAIFISH_KEYS",
                                "cannot write %s: %s", path, strerror(errno));
}


/* A ring key younger than the key last. */

static tf_int_t
tfw_keys_add(const char *dir, const char *last, char kid[TF_KID_LEN + 1],
    tf_err_t *err)
{
    char           name[TF_KID_LEN + 6];
    tf_int_t       rc;
    unsigned       made, before;
    unsigned char  key[TF_KEY_LEN], tail[4];

    made = (unsigned) time(NULL);

    if (sscanf(last, "%8x", &before) == 1 && made <= before) {
        made = before + 1;
    }

    tf_random(tail, sizeof(tail));
    snprintf(kid, TF_KID_LEN + 1, "%08x%02x%02x%02x%02x", made, tail[0],
             tail[1], tail[2], tail[3]);
    snprintf(name, sizeof(name), "ring/%s", kid);

    tf_random(key, sizeof(key));
    rc = tfw_keys_write(dir, name, 0400, key, err);
    tf_wipe(key, sizeof(key));

    return rc;
}


static int
tfw_keys_exist(const char *dir)
{
    char         path[PATH_MAX];
    size_t       i;
    tfw_kid_t    kids[TF_RING_MAX];
    const char  *names[] = { "seal.pub", "seal.key", "csrf.key" };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);

        if (access(path, F_OK) == 0) {
            return 1;
        }
    }

    snprintf(path, sizeof(path), "%s/ring", dir);

    return tfw_keys_list(path, kids) > 0;
}
