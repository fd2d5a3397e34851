# A password's way: sealed by nginx, taken in by the worker, brought under a
# new key; what was moved to another row is not read.

use lib 't/lib';
use TaiFish;

my $tf = TaiFish->new->start;
my $admin = $tf->as('admin');
my $secret = 'Swordfish-"quoted"-' . "\x{fc}-\x{4e2d}";

sub row {
    return $tf->row("SELECT *, sealed IS NOT NULL AS is_sealed,
        envelope IS NOT NULL AS is_kept, encode(envelope, 'escape') AS text
        FROM credentials WHERE name = '$_[0]'");
}

sub housekeeping {
    my ($code, $out) = $tf->command('enqueue', 'housekeeping', '--wait');
    is $code, 0, 'housekeeping' or diag $out;
    return $tf->row("SELECT metrics FROM task_items
                     WHERE kind = 'housekeeping'
                     ORDER BY id DESC LIMIT 1")->{metrics};
}

for my $name (qw(one two)) {
    my $r = $admin->post('/credentials', { name => $name,
        credential_type => 'database', db_type => 'postgresql',
        username => 'monitor', password => $secret });
    is $r->status, 201, "credential $name" or diag $r->as_string;
}

ok row('one')->{is_sealed} && !row('one')->{is_kept}, 'nginx seals';

my $m = housekeeping();
is $m->{credentials_renewed}, 2, 'the worker takes both in';
is $m->{credentials_unreadable}, 0, 'and could read them';

my $one = row('one');
my ($kid) = map { s{.*/}{}r } glob $tf->dir . '/keys/ring/*';
ok !$one->{is_sealed} && $one->{is_kept}, 'the envelope replaces the seal';
is $one->{key_id}, $kid, 'under the ring\'s key';
unlike $one->{text}, qr/Swordfish/, 'it is encrypted';
is housekeeping()->{credentials_renewed}, 0, 'once';

# Rotation

my ($code, $out) = $tf->command('keygen', '--rotate');
is $code, 0, 'another key' or diag $out;
my $young = (sort map { s{.*/}{}r } glob $tf->dir . '/keys/ring/*')[-1];
my @before = TaiFish::children($tf->worker->pid);
$tf->worker->signal('HUP');
TaiFish::Server::until_true(10, sub {
    my %old = map { $_ => 1 } @before;
    my @now = TaiFish::children($tf->worker->pid);
    @now == @before && !grep { $old{$_} } @now });

is housekeeping()->{credentials_renewed}, 2, 'both come under the new key';
is row($_)->{key_id}, $young, "$_ has it" for qw(one two);

# A new password is newer than the envelope beside it.

my $r = $admin->put("/credentials/$one->{id}", { name => 'one',
    credential_type => 'database', db_type => 'postgresql',
    username => 'monitor', password => "$secret-2" });
is $r->status, 200, 'a changed password' or diag $r->as_string;
my $changed = row('one');
ok $changed->{is_sealed}, 'is sealed';
is housekeeping()->{credentials_renewed}, 1, 'and taken in';
isnt row('one')->{envelope}, $one->{envelope}, 'in place of the old one';

# Neither an envelope nor a seal can be moved to another row.

$tf->sql("UPDATE credentials SET key_id = 'x',
          envelope = (SELECT envelope FROM credentials WHERE name = 'one')
          WHERE name = 'two'");
$m = housekeeping();
is $m->{credentials_unreadable}, 1, 'a moved envelope is refused';
like $tf->worker->output, qr/credential \d+: /, 'the log names it';
unlike $tf->worker->output, qr/Swordfish/, 'no password is ever logged';

# The worker's memory holds none of it a moment after (S20).  Only root may
# look; the URL shows that looking finds what is there.

sub held {
    my ($what) = @_;
    my $n = 0;
    no warnings 'portable';

    for my $pid ($tf->worker->pid, TaiFish::children($tf->worker->pid)) {
        open my $maps, '<', "/proc/$pid/maps" or next;
        open my $mem, '<:raw', "/proc/$pid/mem" or next;
        while (<$maps>) {
            my ($from, $to) = map { hex } /^(\w+)-(\w+) rw/ or next;
            sysseek $mem, $from, 0 or next;
            sysread $mem, my $bytes, $to - $from or next;
            $n++ if index($bytes, $what) >= 0;
        }
    }
    return $n;
}

SKIP: {
    skip 'only root reads the memory of others', 2 if $>;
    sleep 1;
    isnt held('postgresql:///taifish'), 0, 'memory can be looked at';
    is held('Swordfish-"quoted"'), 0, 'and holds no password';
}

done_testing;
