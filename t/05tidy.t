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
    my ($name, $text) = @_;
    write_file("object/$name.c", $text);
    File::Path::make_path("$copy/build/nginx/objs/addon/x");
    system('cc', '-c', '-o', "$copy/build/nginx/objs/addon/x/$name.o",
        "$copy/object/$name.c") == 0 or die;
    unlink "$copy/object/$name.c";
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

    [ 'src/ngx/request/ngx_tf_thread.c',
      "\n\nvoid\nngx_tf_reply_planted(void)\n{\n}\n",
      qr/ngx_tf_reply_planted\(\) belongs into ngx_tf_reply\.c/ ],
    [ 'src/ngx/request/ngx_tf_router.c',
      "\n\nvoid\nngx_planted(void)\n{\n}\n",
      qr/ngx_planted\(\) belongs into a file of its name/ ],
    [ 'src/ngx/request/ngx_tf_op.c',
      "\n\nvoid\nngx_tf_op_planted(void)\n{\n}\n",
      qr/ngx_tf_op_planted\(\) is neither static nor in ngx_tf_op\.h/ ],
);

write_file($_->[0], $_->[1]) for @cases;
object('ngx_tf_one', 'void two(void); void one(void) { two(); }');
object('ngx_tf_two', 'void one(void); void two(void) { one(); }');
object('ngx_tf_three', 'void one(void); void three(void) { one(); }');

($said, $code) = tidy();
isnt $code, 0, 'with violations';

for my $case (@cases) {
    my ($path, undef, $expected) = @$case;
    like $said, qr/^\Q$path\E(?::\d+)?: [^\n]*$expected/m, "$path: $expected";
}
like $said, qr/^build[^\n]*each other: ngx_tf_one ngx_tf_two$/m,
    'a circle of two objects, without the third that needs it';

done_testing;
