package TaiFish::Queue;

# For tests of the queue: the worker built with its injection points, a table
# that counts the effects of jobs, and runs of the job kind test_effect.
#
#     use lib 't/lib';
#     use TaiFish::Queue;           # before TaiFish
#     use TaiFish;
#
#     my $tf = TaiFish::Queue::server();
#     my $run = TaiFish::Queue::enqueue($tf, 200, { ms => 50 });

use strict;
use warnings;

use Cwd ();
use Fcntl ();
use JSON::PP ();

# A lock, for several tests build at the same time.

BEGIN {
    my $root = Cwd::abs_path(__FILE__ =~ s{[^/]*$}{}r . '../../..');
    my $build = "$root/build/inject";

    mkdir "$root/build";
    mkdir $build;
    open my $lock, '>', "$build.lock" or die "$build.lock: $!";
    flock $lock, Fcntl::LOCK_EX() or die $!;

    my $out = qx{make -s -C '$root' BUILD=build/inject \\
        CFLAGS='-O1 -g -DTFW_INJECTIONS' worker 2>&1 </dev/null};
    $? == 0 or die "the worker with injections: $out";

    # nginx's module is the usual one

    my $module = ($ENV{TAIFISH_BUILD} || "$root/build")
        . '/ngx_taifish_module.so';
    unlink "$build/ngx_taifish_module.so";
    symlink $module, "$build/ngx_taifish_module.so" or die "$module: $!";

    $ENV{TAIFISH_BUILD} = $build;
}

sub server {
    my (%opt) = @_;
    my $tf = TaiFish->new(redis => 0, %opt);

    $tf->sql(q{
        CREATE TABLE tfw_test_effects (
            id serial, item bigint, attempt int, at timestamptz DEFAULT now());
        GRANT ALL ON tfw_test_effects TO taifish_worker;
        GRANT ALL ON SEQUENCE tfw_test_effects_id_seq TO taifish_worker;
        UPDATE schedules SET is_enabled = false;
    });

    return $tf;
}

# A run of n items; returns its run_id.  Options are columns of task_items.

sub enqueue {
    my ($tf, $n, $payload, %opt) = @_;
    my $json = JSON::PP->new->canonical->encode($payload || {});
    my %column = (kind => 'test_effect', lane => 'normal', max_attempts => 3,
                  deadline => '5 minutes', %opt);
    my $names = join ', ', sort keys %column;
    my $values = join ', ', map { "'$column{$_}'" } sort keys %column;

    my $run = $tf->value("INSERT INTO task_runs (task_key, task_category,
            trigger_source, progress_total)
        VALUES ('test_effect', 'other', 'manual', $n) RETURNING run_id");
    $tf->sql("INSERT INTO task_items (run_id, item_type, item_key, payload,
                                      $names)
        SELECT r.id, 'step', n, '$json', $values
        FROM task_runs r, generate_series(1, $n) n
        WHERE r.run_id = '$run';
        NOTIFY taifish_queue");

    return $run;
}

# How many items had their effect how often: { 1 => 200 } is as it should be.

sub effects {
    my ($tf, $run) = @_;
    return { map { $_->{effects} => $_->{items} } $tf->rows("
        SELECT effects, count(*) AS items
        FROM (SELECT t.id, count(e.id) AS effects
              FROM task_items t
                   LEFT JOIN tfw_test_effects e ON e.item = t.id
              WHERE t.run_id = (SELECT id FROM task_runs
                                WHERE run_id = '$run')
              GROUP BY t.id) x
        GROUP BY effects") };
}

1;
