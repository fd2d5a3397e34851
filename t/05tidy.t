# make tidy finds what it is there for: a copy of the tree with one violation of
# each rule about layers, homes of functions and circles of objects.

use strict;
use warnings;

use Cwd ();
use File::Path ();
use File::Temp ();
use Test::More;

my $root = Cwd::getcwd();
my $copy = File::Temp::tempdir(CLEANUP => 1);

sub write_file {
    my ($name, $text) = @_;
    my ($dir) = "$copy/$name" =~ m{^(.*)/};
    File::Path::make_path($dir);
    open my $out, '>>', "$copy/$name" or die "$name: $!";
    print $out $text;
    close $out or die "$name: $!";
}

sub tidy {
    my $said = qx{cd $copy && perl t/tidy.pl build 2>&1};
    return ($said, $?);
}

sub object {
    my ($path, $text) = @_;
    my ($dir) = "$copy/build/$path" =~ m{^(.*)/};
    write_file('object.c', $text);
    File::Path::make_path($dir);
    system('cc', '-c', '-o', "$copy/build/$path", "$copy/object.c") == 0
        or die;
    unlink "$copy/object.c";
}

system("git -C $root ls-files -z -co --exclude-standard | grep -zv '^web/'"
    . " | (cd $root && xargs -0 tar cf - --ignore-failed-read 2>/dev/null)"
    . " | tar xf - -C $copy && git -C $copy init -q") == 0 or die;

my ($said, $code) = tidy();
is $code, 0, 'the tree as it is' or diag $said;

# file, what is put at its end, what is said of it

my @cases = (
    [ 'src/core/tf_buf.c', qq(#include "ngx_tf_pg.h"\n),
      qr/core includes ngx_tf_pg\.h of pg/ ],
    [ 'src/ngx/pg/ngx_tf_fd.c', qq(#include "ngx_tf.h"\n),
      qr/pg includes ngx_tf\.h of request/ ],
    [ 'src/ngx/redis/ngx_tf_redis.c', qq(#include "ngx_tf_pg.h"\n),
      qr/redis includes ngx_tf_pg\.h of pg/ ],
    [ 'src/ngx/request/ngx_tf_input.c', qq(#include "ngx_tf_session.h"\n),
      qr/request includes ngx_tf_session\.h of routes/ ],
    [ 'src/ngx/request/ngx_tf_reply.c', qq(#include "tf_auth.h"\n),
      qr/request includes tf_auth\.h of rules/ ],
    [ 'src/feature/tags/ngx_tf_tags.c', qq(#include "ngx_tf_routes.h"\n),
      qr/routes includes ngx_tf_routes\.h of module/ ],
    [ 'src/feature/users/ngx_tf_users.c', qq(#include "ngx_tf_csrf.h"\n),
      qr/includes ngx_tf_csrf\.h of feature auth/ ],
    [ 'src/feature/tasks/ngx_tf_run.c', qq(int x(void) { op->in.done; }\n),
      qr/op->in belongs to/ ],
    [ 'src/feature/auth/tf_auth.c', qq(#include "tfw_db.h"\n),
      qr/rules includes tfw_db\.h of worker/ ],
    [ 'src/worker/engine/tfw_mysql.c', qq(#include "tfw_queue.h"\n),
      qr/engine includes tfw_queue\.h of worker/ ],
    [ 'src/worker/tfw_db.c', qq(#include "tfw_instances.h"\n),
      qr/worker includes tfw_instances\.h of jobs/ ],
    [ 'src/worker/tfw_conf.c', qq(#include "tf_auth.h"\n),
      qr/worker includes tf_auth\.h of rules/ ],

    [ 'src/worker/tfw_housekeeping.c', qq(#include "tfw_job_kinds.h"\n),
      qr/worker includes tfw_job_kinds\.h of program/ ],
    [ 'src/worker/tfw_instance.c', qq(#include "tfw_credentials.h"\n),
      qr/worker includes tfw_credentials\.h of jobs/ ],
    [ 'src/worker/engine/tfw_pgsql_gate.c',
      qq(char *x = PQgetvalue(r, 0, 0);\n),
      qr/takes a server's value in a second place: PQgetvalue/ ],
    [ 'src/worker/engine/tfw_mysql.c', qq(void *x = mysql_fetch_row(r);\n),
      qr/takes a server's value in a second place: mysql_fetch_row/ ],

    [ 'src/ngx/request/ngx_tf_thread.c',
      "\n\nvoid\nngx_tf_reply_planted(void)\n{\n}\n",
      qr/ngx_tf_reply_planted\(\) belongs into ngx_tf_reply\.c/ ],
    [ 'src/ngx/request/ngx_tf_router.c',
      "\n\nvoid\nngx_planted(void)\n{\n}\n",
      qr/ngx_planted\(\) belongs into a file of its name/ ],
    [ 'src/ngx/request/ngx_tf_op.c',
      "\n\nvoid\nngx_tf_op_planted(void)\n{\n}\n",
      qr/ngx_tf_op_planted\(\) is neither static nor in ngx_tf_op\.h/ ],
    [ 't/20routes.t', "is 1, 1, 'and so on';\n",
      qr/a name that needs the test before it/ ],
);

write_file($_->[0], $_->[1]) for @cases;
write_file('src/core/tf_one.h', qq(#include "tf_two.h"\n));
write_file('src/core/tf_two.h', qq(#include "tf_one.h"\n));
write_file('src/worker/tfw_mem.c', qq(#include "tfw_secret.h"\n));
write_file('src/worker/tfw_secret.h', qq(#include "tfw_mem.h"\n));

my $addon = 'nginx/objs/addon/x';
object("$addon/ngx_tf_one.o", 'void two(void); void one(void) { two(); }');
object("$addon/ngx_tf_two.o", 'void one(void); void two(void) { one(); }');
object("$addon/ngx_tf_three.o", 'void one(void); void three(void) { one(); }');
object('o/src/core/tf_buf.o', 'void two(void); void one(void) { two(); }');
object('o/src/core/tf_csv.o', 'void one(void); void two(void) { one(); }');

($said, $code) = tidy();
isnt $code, 0, 'with violations';

for my $case (@cases) {
    my ($path, undef, $expected) = @$case;
    like $said, qr/^\Q$path\E(?::\d+)?: [^\n]*$expected/m, "$path: $expected";
}
like $said, qr/^build[^\n]*each other: ngx_tf_one ngx_tf_two$/m,
    'a circle of two objects, without the third that needs it';
like $said, qr/^build[^\n]*each other: tf_buf tf_csv$/m,
    'a circle of two objects of the worker';
like $said, qr/^src: files include each other: tf_one tf_two$/m,
    'a circle of two headers';
like $said, qr/^src: files include each other: tfw_mem tfw_secret$/m,
    'a file and a header that include each other';

done_testing;
