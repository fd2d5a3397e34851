package TaiFish::Sync;

# Flows of the account sync: a managed database that is registered through the
# API, syncs of it, and what the change log says since the last look.
#
#     my $s = TaiFish::Sync->new($tf, $admin, 'mysql', $mariadb);
#     $s->sync;                         # the job's result, or dies
#     is_deeply [$s->changes], ['add app@%'];

use strict;
use warnings;
use utf8;

use Test::More;

our $PASSWORD = "collector's \\ \"pass\"";

# Makes the collector, a user with the rights the documents ask for, and
# registers the server.

sub new {
    my ($class, $tf, $api, $db_type, $server, %opt) = @_;
    my $self = bless { tf => $tf, api => $api, db_type => $db_type,
                       server => $server, seen => 0 }, $class;
    my $name = $opt{name} || $db_type;

    $db_type eq 'mysql' ? $self->_mysql : $self->_pgsql unless $opt{ready};

    my $r = $api->post('/credentials', {
        name => "$name collector", credential_type => 'database',
        db_type => $db_type, username => $opt{username} || 'collector',
        password => $opt{password} || $PASSWORD });
    $r->status == 201 or die 'credential: ' . $r->as_string;
    $self->{credential} = $r->data->{credential}{id};

    $r = $api->post('/instances', {
        name => $name, db_type => $db_type, host => '127.0.0.1',
        port => $opt{port} || $server->{port},
        tls_mode => $opt{tls} || 'disable',
        credential_id => $self->{credential} });
    $r->status == 201 or die 'instance: ' . $r->as_string;
    $self->{id} = $r->data->{instance}{id};

    return $self;
}

sub id { $_[0]{id} }

sub _mysql {
    my ($self) = @_;
    (my $password = $PASSWORD) =~ s/([\\'])/\\$1/g;
    $self->{server}->sql(
        "CREATE USER collector\@'127.0.0.1' IDENTIFIED BY '$password';
         GRANT SELECT ON mysql.* TO collector\@'127.0.0.1'");
}

sub _pgsql {
    my ($self) = @_;
    (my $password = $PASSWORD) =~ s/'/''/g;
    $self->{server}->sql("CREATE ROLE collector LOGIN PASSWORD '$password'");
}

# The answer of the action.

sub try {
    my ($self) = @_;
    my $r = $self->{api}->post("/instances/$self->{id}/actions/sync-accounts",
                               {});
    if ($r->status == 202) {
        $self->{tf}->wait_run($r->data->{run_id});
        die 'the sync took too long for an answer';
    }
    return $r;
}

sub sync {
    my ($self) = @_;
    my $r = $self->try;
    $r->status == 200 or die 'sync: ' . $r->as_string . $self->log;
    return $r->data->{result};
}

# A failed sync is tried again; here once.

sub fail_once {
    my ($self) = @_;
    my $kind = q{WHERE kind = 'sync_accounts'};
    my $n = $self->{tf}->value("SELECT attempts FROM job_kinds $kind");
    $self->{tf}->sql("UPDATE job_kinds SET attempts = 1 $kind");
    my $r = $self->try;
    $self->{tf}->sql("UPDATE job_kinds SET attempts = $n $kind");
    return $r;
}

sub log {
    my ($self) = @_;
    return $self->{tf}{worker} ? "\n" . $self->{tf}{worker}->output : '';
}

# "change_type username" of what was logged since the last look, sorted.

sub changes {
    my ($self) = @_;
    my @rows = $self->{tf}->rows(
        "SELECT id, change_type || ' ' || username AS what
         FROM account_changes
         WHERE instance_id = $self->{id} AND id > $self->{seen}
         ORDER BY change_type, username");
    for my $row (@rows) {
        $self->{seen} = $row->{id} if $row->{id} > $self->{seen};
    }
    return map { $_->{what} } @rows;
}

# The newest change of an account.

sub change {
    my ($self, $username) = @_;
    (my $quoted = $username) =~ s/'/''/g;
    return $self->{tf}->row(
        "SELECT * FROM account_changes
         WHERE instance_id = $self->{id} AND username = '$quoted'
         ORDER BY id DESC LIMIT 1");
}

# "ACTION field [object]: permissions" of a change, sorted.

sub entries {
    my ($self, $username) = @_;
    my $diff = $self->change($username)->{privilege_diff} or return;
    return sort map {
        my $e = $_;
        my $on = join '.', grep { defined } @$e{qw(database name)};
        "$e->{action} $e->{field}" . ($on eq '' ? '' : " $on") . ': '
            . join(',', @{ $e->{permissions} });
    } @{ $diff->{entries} };
}

# The open version's categories, of one account or by principal of all.

sub categories {
    my ($self, $username) = @_;
    (my $quoted = $username) =~ s/'/''/g;
    my $all = $self->all_categories("AND a.principal = '$quoted'");
    return $all->{$username} // ();
}

sub all_categories {
    my ($self, $and) = @_;
    return { map { $_->{principal} => $_->{snapshot}{categories} }
        $self->{tf}->rows(
            "SELECT a.principal, account_snapshot_json(v.snapshot) AS snapshot
             FROM accounts a JOIN account_versions v ON v.id = a.version_id
             WHERE a.instance_id = $self->{id} @{[$and // '']}
             ORDER BY a.dropped_at NULLS LAST") };
}

# The facts of the life of an account: the value, or the code why there is none.

sub life {
    my ($self, $username) = @_;
    (my $quoted = $username) =~ s/'/''/g;
    my $id = $self->{tf}->value("SELECT id FROM accounts WHERE principal =
        '$quoted' AND instance_id = $self->{id} AND dropped_at IS NULL");
    my $life = $self->{api}->get("/accounts/ledgers/$id/permissions")
        ->data->{lifecycle};
    return { map { my $l = $life->{$_};
        !defined($l->{code}) == defined($l->{value})
            && !defined($l->{code}) == defined($l->{evidence})
            && defined($l->{code}) == defined($l->{reason})
            or die "$_ of $username is neither told nor not told";
        ($_ => $l->{code} // (ref $l->{value} ? $l->{value} ? 'true' : 'false'
            : $l->{value})) } keys %$life };
}

sub status {
    my ($self) = @_;
    return $self->{tf}->value("SELECT last_sync_status FROM instances
                               WHERE id = $self->{id}");
}

# "scope database: status" of what is not ok, nor was always so.

sub stale {
    my ($self) = @_;
    return map { "$_->{scope} $_->{database}: $_->{status}" }
        $self->{tf}->rows("SELECT * FROM instance_scopes
                           WHERE instance_id = $self->{id}
                                 AND status <> 'ok'
                                 AND (known OR status <> 'unsupported')
                           ORDER BY scope, database");
}

# Rows of the product's tables written by what the code does; the log and a
# worker's heartbeat come by the clock, the audit log has one for each request.

sub written {
    my ($self, $code) = @_;
    my $sum = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)
               FROM pg_stat_user_tables
               WHERE relname <> 'workers' AND relname !~ '^(app_log|audit_)'";

    # A backend tells what it wrote now and then, and for certain when it ends.

    my $total = sub {
        my $tf = $self->{tf};
        my $others = "FROM pg_stat_activity WHERE datname = 'taifish'
                      AND backend_type = 'client backend'
                      AND backend_start < '" . $tf->value('SELECT now()') . "'
                      AND pid <> pg_backend_pid()";

        $tf->sql("SELECT pg_terminate_backend(pid) $others");
        TaiFish::Server::until_true(20, sub {
            $tf->value("SELECT count(*) $others") == 0
                && $tf->client->get('/health/ready')->status == 200;
        }) or die 'the sessions of PostgreSQL do not end';
        return $tf->value($sum);
    };
    my $before = $total->();
    $code->();
    return $total->() - $before;
}

1;
