# "taifish-worker audit-verify" finds what was done to the audit log behind its
# back, "audit-acknowledge" says that somebody knows, and the log is cut at its
# age without an alarm.

use lib 't/lib';
use TaiFish;

my $tf = TaiFish->new(redis => 0);
$tf->start_nginx;

my $admin = $tf->as('admin');

sub work {
    my ($n) = @_;
    my $at = $tf->value('SELECT seq FROM audit_head');
    for my $i (1 .. $n) {
        $admin->post('/tags', { name => "t$at-$i", display_name => 'x',
            category => 'x' })->status == 201 or die;
    }
}

sub verify { return $tf->command('audit-verify', @_) }

# What the owner of the database can do to a table.

sub behind {
    my ($sql) = @_;
    $tf->sql("SET session_replication_role = replica; $sql");
}

sub is_whole {
    my ($what) = @_;
    my ($code, $out) = verify();
    is $code, 0, $what or diag $out;
    return $out =~ /^head: (\d+:[0-9a-f]{64})$/m ? $1 : undef;
}

sub is_broken {
    my ($words, $what, @args) = @_;
    my ($code, $out) = verify(@args);
    is $code, 1, $what;
    my ($first) = $out =~ /audit log: (.*)/;
    is $first, $words, "$what: named";
}

# Every kind of damage, done to a copy that is put back.

sub damaged {
    my ($sql, $words, $what, @args) = @_;
    $tf->sql('CREATE TABLE kept AS SELECT * FROM audit_log;
              CREATE TABLE kept_head AS SELECT * FROM audit_head');
    behind($sql);
    is_broken($words, $what, @args);
    behind('DELETE FROM audit_log; DELETE FROM audit_head;
            INSERT INTO audit_log SELECT * FROM kept;
            INSERT INTO audit_head SELECT * FROM kept_head;
            DROP TABLE kept, kept_head');
}

work(12);
my $head = is_whole('a log that nobody touched');
ok $head, 'its head is printed';
my ($last) = $head =~ /^(\d+)/;

damaged("UPDATE audit_log SET actor_name = 'eve' WHERE seq = 5",
        'row 5 is changed', 'another name');
damaged("UPDATE audit_log SET details = '{}' WHERE seq = 5",
        'row 5 is changed', 'other details');
damaged("UPDATE audit_log SET time = time + interval '1 microsecond'
         WHERE seq = 5", 'row 5 is changed', 'another time');
damaged("UPDATE audit_log SET hash = sha256('x') WHERE seq = 5",
        'row 5 is changed', 'another hash');
damaged("UPDATE audit_log a SET actor_name = 'eve' WHERE seq = 5;
         UPDATE audit_log a SET hash = sha256(prev_hash
             || convert_to(audit_text(a), 'UTF8')) WHERE seq = 5",
        'row 6 is forked', 'a row that was written anew with its hash');
damaged('DELETE FROM audit_log WHERE seq = 7', 'row 7 is missing',
        'a row that is gone');
damaged('DELETE FROM audit_log WHERE seq BETWEEN 7 AND 9',
        'rows 7 to 9 are missing', 'three rows');
damaged('DELETE FROM audit_log WHERE seq <= 3', 'rows 1 to 3 are missing',
        'the first ones, without a cut');
damaged("DELETE FROM audit_log WHERE seq > $last - 2",
        "rows @{[ $last - 1 ]} to $last are missing", 'the last ones');
damaged("INSERT INTO audit_log SELECT seq, time + interval '1 ms', actor_id,
             'eve', address, request_id, action, object_type, object_id,
             object_name, outcome, details, prev_hash, hash
         FROM audit_log WHERE seq = 4", 'row 4 is forked', 'a row twice');

# Whoever takes rows off the end and sets the head back is found by a head that
# was published.

my $cut = "DELETE FROM audit_log WHERE seq > $last - 2;
    UPDATE audit_head h SET seq = a.seq, hash = a.hash FROM audit_log a
    WHERE a.seq = $last - 2";
damaged($cut, "rows @{[ $last - 1 ]} to $last are missing",
        'the end and its head', '--head', $head);
damaged("$cut; SELECT audit_append('tag.create', 'success', true),
         audit_append('tag.create', 'success', true)",
        "row $last is forked", 'and others in their place', '--head', $head);

is_whole('as it was');
is((verify('--head', $head))[0], 0, 'a head that is right');
is((verify('--head', $_))[0], 2, "no head: $_")
    for '5', '5:abc', 'x:' . 'a' x 64, '0:' . 'a' x 64;


# --- a break that somebody knows ---------------------------------------------

behind("UPDATE audit_log SET object_name = 'x' WHERE seq = 5;
        DELETE FROM audit_log WHERE seq BETWEEN 8 AND 9");
is_broken('row 5 is changed', 'two breaks');

is(($tf->command('audit-acknowledge', '5'))[0], 2, 'not without a reason');
my ($code, $out) = $tf->command('audit-acknowledge', '6', '--reason', 'x');
is $code, 1, 'what is no break';
like $out, qr/row 6 is no break/, 'is said';
($code, $out) = $tf->command('audit-acknowledge', '5', '--reason',
                             'restored by "hand"');
is $code, 0, 'a break' or diag $out;
is_broken('rows 8 to 9 are missing', 'the other one is left');
is(($tf->command('audit-acknowledge', '8', '--reason', 'lost disk'))[0], 0,
    'rows that are gone');
is_whole('both are acknowledged');

my $row = $tf->row("SELECT * FROM audit_log WHERE action = 'audit.acknowledge'
                    ORDER BY seq LIMIT 1");
is $row->{object_id}, 5, 'it is a row';
is $row->{details}{reason}, 'restored by "hand"', 'with the reason';
like $row->{actor_name}, qr/^taifish-worker \(\w+@/, 'and who it was';

behind("UPDATE audit_log SET object_name = 'y' WHERE seq = 5");
is_broken('row 5 is changed', 'another change of the same row');
behind("UPDATE audit_log SET object_name = 'x' WHERE seq = 5");
is_whole('the one that was acknowledged');


# --- commands ----------------------------------------------------------------

my ($n) = $tf->value('SELECT seq FROM audit_head');
is(($tf->command('admin', 'create', '--username', 'second'))[0], 0, 'a user');
is(($tf->command('admin', 'reset-password', '--username', 'second'))[0], 0,
    'whose password is set');
is(($tf->command('admin', 'reset-password', '--username', 'nobody'))[0], 1,
    'nobody');
is(($tf->command('enqueue', 'housekeeping'))[0], 0, 'a task');
is(($tf->command('backup-verify'))[0], 0, 'keys that fit');
my (undef, $ring) = $tf->command('keygen', '--rotate');
is_deeply [map { $_->{action} } $tf->rows("SELECT action FROM audit_log
    WHERE seq > $n ORDER BY seq")], [qw(user.create user.password run.create
    backup.verify key.rotate)], 'each has its row';
my ($kid) = $ring =~ /ring key (\w+)/;
is $tf->value("SELECT object_id FROM audit_log
    WHERE action = 'key.rotate'"), $kid, 'with which key';
is $tf->value("SELECT details ->> 'not_opened' FROM audit_log
    WHERE action = 'backup.verify'"), 0, 'with what was found';

{
    local $tf->{opt}{env} = { DATABASE_URL => 'postgresql:///x?host=/nowhere' };
    my ($code, $out) = $tf->command('keygen', '--rotate');
    is $code, 0, 'a key is made without a database too' or diag $out;
    like $out, qr/not in the audit log: /, '... and it says so';
    local $tf->{opt}{env} = { DATABASE_URL => '' };
    unlike(($tf->command('keygen', '--rotate'))[1], qr/audit/,
        'no database, nothing to say');
}
is_whole('with these rows');
is $tf->value("SELECT object_name FROM audit_log WHERE seq = $n + 1"),
    'second', 'with whom it was about';
is $tf->value("SELECT action FROM audit_log WHERE seq = 1"),
    'schema.migrate', 'and so has the schema';


# --- the head is published, the log is cut -----------------------------------

$tf->start_worker;

sub job {
    my ($task) = @_;
    my ($code, $out) = $tf->command('enqueue', $task, '--wait');
    is $code, 0, $task or diag $out;
    return $tf->row("SELECT t.* FROM task_items t JOIN task_runs r
        ON r.id = t.run_id WHERE r.task_key = '$task' ORDER BY t.id DESC
        LIMIT 1");
}

job('audit_head');
my ($published) = $tf->worker->output
    =~ /the audit log ends in (\d+:[0-9a-f]{64})/;
ok $published, 'the worker\'s own log has the head';
is((verify('--head', $published))[0], 0, 'by which the log can be verified');
my $event;
TaiFish::Server::until_true(20, sub {
    $event = $tf->row("SELECT * FROM app_logs WHERE code = 'audit.head'");
});
is "$event->{context}{seq}:$event->{context}{hash}", $published,
    'and the application log has it';
is $tf->value("SELECT cron_expression FROM schedules
    WHERE job_id = 'audit_head'"), '0 * * * *', 'each hour';

# Rows of four months ago, as if the clock had been there when they were
# written; their chain is made again.

sub aged {
    my ($upto) = @_;
    behind("
        UPDATE audit_log SET time = time - interval '4 months'
        WHERE seq <= $upto;
        DO \$\$
        DECLARE
            a audit_log;
            before bytea := decode(repeat('00', 32), 'hex');
        BEGIN
            FOR a IN SELECT * FROM audit_log ORDER BY seq LOOP
                a.prev_hash := before;
                before := sha256(before
                                 || convert_to(audit_text(a), 'UTF8'));
                UPDATE audit_log SET prev_hash = a.prev_hash, hash = before
                WHERE seq = a.seq;
            END LOOP;
            UPDATE audit_head SET hash = before;
        END \$\$");
}

behind("DELETE FROM audit_log; UPDATE audit_head SET seq = 0,
        hash = decode(repeat('00', 32), 'hex')");
work(10);
aged(4);
is_whole('rows of some months ago');

is job('cleanup_logs')->{metrics}{audit_rows}, 0, 'young enough';
$tf->sql('UPDATE audit_head SET keep_months = 2');
is job('cleanup_logs')->{metrics}{audit_rows}, 4, 'older than two months';
is $tf->value('SELECT min(seq) FROM audit_log'), 5, 'they are gone';
$head = is_whole('what is left is whole');
is $tf->value("SELECT details ->> 'last' FROM audit_log
    WHERE action = 'audit.cut'"), 4, 'a row says up to where';
is job('cleanup_logs')->{metrics}{audit_rows}, 0, 'nothing more';
work(2);
is_whole('and it goes on');
is((verify('--head', $head))[0], 0, 'from the head before');
is $admin->get('/audit?limit=1')->data->{total},
    $tf->value('SELECT count(*) FROM audit_log'), 'the list counts it';

damaged('DELETE FROM audit_log WHERE seq <= 6', 'rows 1 to 6 are missing',
        'more than was cut');
damaged("UPDATE audit_log SET prev_hash = sha256('x') WHERE seq = 5",
        'row 5 is forked', 'the link to what was cut');

done_testing;
