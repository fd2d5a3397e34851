
#include "../../src/core/tf_target.c"

#include "tap.h"


static const tf_conf_targets_t  none = { NULL, NULL };


/* Spellings that some resolver, library or proxy takes for an address it
 * should not; S22. */

static void
test_spellings(void)
{
    size_t    i;
    tf_err_t  err;
    static const char *const  bad[] = {
        "2130706433", "017700000001", "0x7f000001", "0x7F000001", "0X7f000001",
        "0x7f.0.0.1", "0177.0.0.1", "127.1", "127.0.1", "0", "0.0", "00000",
        "127.0.0.01", "127.000.000.001", "127.0.0.1.", "127.0.0.1..",
        ".127.0.0.1", "127..0.1", "127.0.0.256", "127.0.0.1.5", "1.2.3.4.5",
        "127.0.0.0x1", "a.0x1", "foo.1", "0xg", "4294967295", "4294967296",
        "99999999999999999999", "-1", "+127.0.0.1", "127.0.0.1/8",
        "127.0.0.1:5432", "127.0.0.1,10.0.0.1", "a,b", "a;b", "a b", " a",
        "a ", "a\t", "a\n", "\na", "a\r\nb", "a/b", "/run/postgresql",
        "/var/run/mysqld/mysqld.sock", "./sock", "a\\b", "@abstract",
        "user@host", "host=127.0.0.1", "a?b", "a#b", "a&b", "a%b",
        "%31%32%37.0.0.1", "http://127.0.0.1", "postgresql://h/d", "[::1]",
        "[::1]:5432", "::1%lo", "fe80::1%eth0", "::1/128", ":::1", "1:2:3",
        "::ffff:127.0.0.1.", "::ffff:0x7f.0.0.1", "::g", "localhost:5432",
        "\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1",
        "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97\xe3\x80\x82\xef\xbc\x90.0.1",
        "127\xe3\x80\x82" "0.0.1", "loc\xc2\xad" "alhost",
        "b\xc3\xbc" "cher.de",
        "\xff", "", ".", "..", "-a", "a-", "a.-b", "a-.b", "a.", "a..b",
        "a.b.", "'", "\"", "$(id)", "`id`", "*", "a*", "~", "(a)"
    };
    static const char *const  good[] = {
        "localhost", "db", "db-1.example.com", "DB_1.internal", "a.b-c.d",
        "10.0.0.1", "127.0.0.1", "255.255.255.255", "::1", "::",
        "2001:db8::1", "2001:DB8::1", "::ffff:10.0.0.1", "fe80::1",
        "xn--bcher-kva.example", "1a", "3com.com", "1.2.3.4a",
        "a0x7f", "12345a.b"
    };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ok(tf_target_host(tf_str(bad[i]), &err) == TF_ERROR
           && err.code == TF_E_VALIDATION_ERROR
           && strcmp(err.field, "host") == 0, "spelling %zu is refused", i);
    }

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        is_int(tf_target_host(tf_str(good[i]), &err), TF_OK, "%s", good[i]);
    }
}


static void
test_host_lengths(void)
{
    char      name[300];
    size_t    i;
    tf_err_t  err;
    tf_str_t  s = tf_string("a\0b");

    ok(tf_target_host(s, &err) == TF_ERROR, "a NUL");
    s.data = (unsigned char *) "::1\0";
    s.len = 4;
    ok(tf_target_host(s, &err) == TF_ERROR, "a NUL after an address");

    memset(name, 'a', sizeof(name));
    name[63] = '\0';
    is_int(tf_target_host(tf_str(name), &err), TF_OK, "a label of 63");
    name[63] = 'a';
    name[64] = '\0';
    is_int(tf_target_host(tf_str(name), &err), TF_ERROR, "a label of 64");

    for (i = 1; i < sizeof(name); i += 2) {
        name[i] = '.';
        name[i - 1] = 'a';
    }

    name[253] = '\0';
    is_int(tf_target_host(tf_str(name), &err), TF_OK, "a name of 253");
    name[253] = '.';
    name[255] = '\0';
    is_int(tf_target_host(tf_str(name), &err), TF_ERROR, "a name of 255");

    memset(name, ':', sizeof(name));
    name[252] = '\0';
    is_int(tf_target_host(tf_str(name), &err), TF_ERROR, "252 colons");
}


static const struct {
    const char  *address;
    int          answer;
} addresses[] = {
    { "8.8.8.8", 1 }, { "1.1.1.1", 1 }, { "100.63.255.255", 1 },
    { "100.128.0.0", 1 }, { "172.15.255.255", 1 }, { "172.32.0.0", 1 },
    { "192.167.255.255", 1 }, { "192.169.0.0", 1 }, { "11.0.0.0", 1 },
    { "9.255.255.255", 1 }, { "126.255.255.255", 1 }, { "128.0.0.0", 1 },
    { "169.253.255.255", 1 }, { "169.255.0.0", 1 },
    { "223.255.255.255", 1 }, { "2606:4700::1111", 1 },
    { "2400:3200::1", 1 }, { "::ffff:8.8.8.8", 1 },
    { "64:ff9b::8.8.8.8", 1 }, { "2002:808:808::1", 1 },

    { "127.0.0.1", 2 }, { "127.255.255.255", 2 }, { "10.0.0.0", 2 },
    { "10.255.255.255", 2 }, { "172.16.0.0", 2 }, { "172.31.255.255", 2 },
    { "192.168.0.1", 2 }, { "100.64.0.1", 2 }, { "100.127.255.255", 2 },
    { "169.254.0.1", 2 }, { "0.1.2.3", 2 }, { "192.0.0.1", 2 },
    { "192.0.2.1", 2 }, { "198.18.0.1", 2 }, { "198.19.255.255", 2 },
    { "198.51.100.1", 2 }, { "203.0.113.1", 2 }, { "192.88.99.1", 2 },
    { "240.0.0.1", 2 }, { "255.255.255.254", 2 },
    { "::1", 2 }, { "fe80::1", 2 }, { "febf::1", 2 }, { "fec0::1", 2 },
    { "fc00::1", 2 }, { "fd12:3456::1", 2 }, { "2001:db8::1", 2 },
    { "2001::1", 2 }, { "100::1", 2 }, { "64:ff9b:1::1", 2 },
    { "::ffff:127.0.0.1", 2 }, { "::ffff:7f00:1", 2 },
    { "::ffff:10.0.0.1", 2 }, { "::ffff:192.168.1.1", 2 },
    { "::127.0.0.1", 2 }, { "::10.0.0.1", 2 },
    { "::ffff:0:127.0.0.1", 2 }, { "::ffff:0:10.0.0.1", 2 },
    { "64:ff9b::127.0.0.1", 2 }, { "64:ff9b::a00:1", 2 },
    { "2002:7f00:1::", 2 }, { "2002:a00:1::1", 2 },
    { "2002:c0a8:101::1", 2 },

    { "0.0.0.0", 0 }, { "::", 0 }, { "::ffff:0.0.0.0", 0 },
    { "255.255.255.255", 0 }, { "224.0.0.1", 0 },
    { "239.255.255.255", 0 }, { "ff02::1", 0 }, { "ff0e::1", 0 },
    { "169.254.169.254", 0 }, { "::ffff:169.254.169.254", 0 },
    { "::ffff:a9fe:a9fe", 0 }, { "64:ff9b::169.254.169.254", 0 },
    { "2002:a9fe:a9fe::1", 0 }, { "::169.254.169.254", 0 },
    { "169.254.170.2", 0 }, { "100.100.100.200", 0 },
    { "168.63.129.16", 0 }, { "192.0.0.192", 0 }, { "fd00:ec2::254", 0 },
    { "fd20:ce::254", 0 }, { "::ffff:224.0.0.1", 0 },
    { "", 0 }, { "fe80::1%eth0", 0 }, { "::1%1", 0 }, { "127.1", 0 },
    { "0x7f.0.0.1", 0 }, { "localhost", 0 }, { "10.0.0.1 ", 0 },
    { "8.8.8.8/32", 0 },
    { "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111", 0 }
};


static void
test_addresses(void)
{
    size_t    i;
    tf_err_t  err;

    /* 0: refused, 1: allowed, 2: only when an allow list of all has it */

    static const tf_conf_targets_t  all = { "0.0.0.0/0, ::/0", NULL };

    for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        is_int(tf_target_address(&none, addresses[i].address, 5432, &err),
               addresses[i].answer == 1 ? TF_OK : TF_ERROR, "%s",
               addresses[i].address);

        if (addresses[i].answer != 1) {
            is_int(err.code, TF_E_TARGET_NOT_ALLOWED, "... %s", err.detail);
        }

        is_int(tf_target_address(&all, addresses[i].address, 5432, &err),
               addresses[i].answer ? TF_OK : TF_ERROR, "... with all allowed");
    }
}


static void
test_allow(void)
{
    size_t    i;
    tf_err_t  err;
    static const tf_conf_targets_t  t = {
        "10.1.0.0/16,192.168.7.7 , fd12::/16,\t127.0.0.0/8",
        "6432, 13306,15000-15010"
    };
    static const struct {
        const char  *address;
        int          port;
        int          answer;
    } a[] = {
        { "10.1.2.3", 5432, 1 }, { "10.2.0.1", 5432, 0 },
        { "::ffff:10.1.2.3", 5432, 1 }, { "::ffff:10.2.2.3", 5432, 0 },
        { "64:ff9b::10.1.2.3", 5432, 1 },
        { "192.168.7.7", 5432, 1 }, { "192.168.7.8", 5432, 0 },
        { "fd12::1", 5432, 1 }, { "fd13::1", 5432, 0 },
        { "127.0.0.1", 5432, 1 }, { "::1", 5432, 0 },
        { "8.8.8.8", 3306, 1 }, { "8.8.8.8", 1433, 1 }, { "8.8.8.8", 1521, 1 },
        { "8.8.8.8", 6432, 1 }, { "8.8.8.8", 13306, 1 }, { "8.8.8.8", 22, 0 },
        { "8.8.8.8", 15000, 1 }, { "8.8.8.8", 15010, 1 },
        { "8.8.8.8", 14999, 0 }, { "8.8.8.8", 15011, 0 },
        { "8.8.8.8", 80, 0 }, { "8.8.8.8", 0, 0 }, { "8.8.8.8", -1, 0 },
        { "8.8.8.8", 70968, 0 }, { "8.8.8.8", 6379, 0 }
    };
    static const tf_conf_targets_t  wrong[] = {
        { "10.0.0.0/33", NULL }, { "10.0.0.0/", NULL }, { "10.0.0.0/x", NULL },
        { "10.0.0/8", NULL }, { "::/129", NULL }, { "::/-1", NULL },
        { "example.com", NULL }, { "10.0.0.0/8,,::1", NULL }, { " ", NULL },
        { ",", NULL }, { "10.0.0.0/8/8", NULL }, { "10.0.0.0/0008", NULL },
        { NULL, "0" }, { NULL, "65536" }, { NULL, "x" }, { NULL, "1,,2" },
        { NULL, "-5" }, { NULL, "5440-5432" }, { NULL, "999999" },
        { NULL, "1-2-3" }, { NULL, "1-" }, { NULL, "5432-65536" }
    };

    is_int(tf_conf_targets_check(&t, &err), TF_OK, "the lists are right");
    is_int(tf_conf_targets_check(&none, &err), TF_OK, "so are none");

    for (i = 0; i < sizeof(a) / sizeof(a[0]); i++) {
        is_int(tf_target_address(&t, a[i].address, a[i].port, &err),
               a[i].answer ? TF_OK : TF_ERROR, "%s port %d", a[i].address,
               a[i].port);
    }

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ok(tf_conf_targets_check(&wrong[i], &err) == TF_ERROR
           && strcmp(err.field, wrong[i].allow ? "TAIFISH_TARGET_ALLOW"
                                               : "TAIFISH_TARGET_PORTS") == 0,
           "wrong list %zu: %s", i, err.detail);

        is_int(tf_target_address(&wrong[i], "172.16.0.1", 5432, &err),
               TF_ERROR, "... allows nothing");
    }
}


int
main(void)
{
    test_spellings();
    test_host_lengths();
    test_addresses();
    test_allow();

    return tap_done();
}
