package TaiFish::SimOracle;

# A simulated Oracle: a PostgreSQL database with the documented views of the
# dictionary (t/sim/oracle.sql), and Oracle's statements about users, roles and
# privileges that fill them as the documentation says.
#
#     my $s = TaiFish::SimOracle->new($pg, version => 1900);
#     $s->run(q{CREATE USER app IDENTIFIED BY x; GRANT DBA TO app});
#     my @as = $s->as('MON', 'secret');       # for TaiFish::Dump::read
#
# Oracle's driver takes the server as DBQ, which the driver here does not know:
# libpq's environment says where the server is.

use strict;
use warnings;
use utf8;

use TaiFish::SimMssql;

my %release = (
    1102 => ['11.2.0.4.0', 'Oracle Database 11g Enterprise Edition '],
    1900 => ['19.0.0.0.0', 'Oracle Database 19c Enterprise Edition '],
    2300 => ['23.0.0.0.0', 'Oracle Database 23ai Enterprise Edition ']);
my $when = '2024-03-04 05:06:07';
my $NAME = qr/"(?:[^"]*)"|[\w\$#]+/;

sub new {
    my ($class, $pg, %o) = @_;
    my $self = bless { pg => $pg, version => $o{version} || 1900,
        database => 'ORCL', next => 100, user => {}, role => {},
        member => {}, sys => {}, tab => {}, col => {}, quota => {},
        proxy => {}, pwfile => {} }, $class;

    $pg->sql('CREATE DATABASE "ORCL"', 'postgres');
    open my $in, '<', 't/sim/oracle.sql' or die $!;
    my $sql = do { local $/; <$in> };
    $sql =~ s/^--(\d{4}) (.*)$/$1 <= $self->{version} ? $2 : ''/gme;
    $pg->sql($sql, 'ORCL');
    $pg->sql('ALTER DATABASE "ORCL" SET search_path = sys, pg_catalog;
        ALTER DATABASE "ORCL" SET timezone = \'UTC\'', 'ORCL');

    $self->user('SYS', id => 0, own => 1);
    $self->user('SYSTEM', id => 9, own => 1);
    $self->user('OUTLN', id => 13, own => 1, status => 'EXPIRED & LOCKED');
    $self->user('DBSNMP', id => 30, own => 1);
    $self->{role}{$_} = { own => 'Y', auth => 'NONE' }
        for qw(CONNECT RESOURCE DBA SELECT_CATALOG_ROLE);
    $self->{sys}{"CONNECT\0CREATE SESSION"} = 'NO';
    $self->{sys}{"DBA\0$_"} = 'YES' for 'GRANT ANY PRIVILEGE',
        'GRANT ANY ROLE', 'ALTER SYSTEM';
    $self->{member}{"$_\0DBA"} = ['YES', 'YES'] for qw(SYS SYSTEM);
    $self->{pwfile}{SYS} = { SYSDBA => 1, SYSOPER => 1 };
    $self->{tab}{join "\0", 'PUBLIC', 'SYS', 'DUAL', 'SELECT'} = 'YES';
    return $self;
}

sub as {
    my ($self, $user, $password) = @_;
    $self->flush;
    my ($driver) = glob $TaiFish::SimMssql::DRIVER;
    @ENV{qw(PGHOST PGPORT PGDATABASE)} = ('127.0.0.1', $self->{pg}->port,
        'ORCL');
    return (port => $self->{pg}->port, user => $user, password => $password,
        database => 'ORCL', driver => $driver);
}

sub user {
    my ($self, $name, %o) = @_;
    return $self->{user}{$name} = { id => $self->{next}++, status => 'OPEN',
        auth => 'PASSWORD', ts => 'USERS', profile => 'DEFAULT', own => 0,
        %o };
}

sub name {
    my ($n) = @_;
    return $n =~ /^"(.*)"$/s ? $1 : uc $n;
}

# The monitoring account of docs/monitoring-account.md.

sub monitor {
    my ($self, $name, $password) = @_;
    open my $in, '<:encoding(UTF-8)', 'docs/monitoring-account.md' or die $!;
    my $page = do { local $/; <$in> };
    my ($all) = $page =~ /```sql oracle\n(.*?)```/s or die 'no script';
    $all =~ s/taifish_monitor/$name/g;
    $all =~ s/change-me/$password/g;
    $self->run($all);
}

sub run {
    my ($self, @batches) = @_;
    for my $batch (@batches) {
        $self->statement($_) for grep { /\S/ }
            $batch =~ /((?:"[^"]*"|'(?:[^']|'')*'|[^;"'])+)/g;
    }
    return $self;
}

sub statement {
    my ($self, $sql) = @_;
    $sql =~ s/^(?:\s+|--[^\n]*\n)+//;
    $sql =~ s/\s+$//;
    return if $sql eq '';
    my $u = $self->{user};

    if ($sql =~ /^--property ($NAME) (\w+) (.*)$/) {
        $u->{ name($1) }{$2} = $3;
    } elsif ($sql =~ /^CREATE USER ($NAME)\s+(.*)$/s) {
        my ($n, $rest) = (name($1), $2);
        die "twice: $sql" if $u->{$n} || $self->{role}{$n};
        my $x = $self->user($n);
        $x->{common} = 1 if $rest =~ /CONTAINER\s*=\s*ALL/;
        $x->{auth} = 'EXTERNAL' if $rest =~ /IDENTIFIED EXTERNALLY/;
        $x->{auth} = 'GLOBAL' if $rest =~ /IDENTIFIED GLOBALLY/;
        if ($rest =~ /IDENTIFIED BY ("[^"]*"|\S+)/) {
            my $password = $1 =~ s/^"(.*)"$/$1/sr;
            push @{ $self->{pending} }, sprintf "SELECT format('CREATE ROLE"
                . " %%I LOGIN PASSWORD %%L', %s, %s) \\gexec\n",
                map { TaiFish::SimMssql::lit($_) } $n, $password;
        }
        $self->clauses($n, $rest);
    } elsif ($sql =~ /^ALTER\ USER\ ($NAME)\ GRANT\ CONNECT\ THROUGH\ ($NAME)
                      (?:\s+WITH\s+ROLE\s+($NAME))?$/x) {
        my ($client, $proxy, $role) = map { defined ? name($_) : undef }
            $1, $2, $3;
        $self->{proxy}{"$proxy\0$client"} = defined $role
            ? ['PROXY MAY ACTIVATE ROLE', $role]
            : ['PROXY MAY ACTIVATE ALL CLIENT ROLES', undef];
    } elsif ($sql =~ /^ALTER USER ($NAME) REVOKE CONNECT THROUGH ($NAME)$/) {
        delete $self->{proxy}{ name($2) . "\0" . name($1) };
    } elsif ($sql =~ /^ALTER USER ($NAME) DEFAULT ROLE (.*)$/) {
        my ($n, $roles) = (name($1), $2);
        my %set = map { name($_) => 1 } $roles =~ /$NAME/g;
        for my $k (grep { /^\Q$n\E\0/ } keys %{ $self->{member} }) {
            my (undef, $r) = split /\0/, $k;
            $self->{member}{$k}[1] = $roles eq 'ALL' || $set{$r} ? 'YES'
                : 'NO';
        }
    } elsif ($sql =~ /^ALTER USER ($NAME)\s+(.*)$/s) {
        $u->{ name($1) } or die $sql;
        $self->clauses(name($1), $2);
    } elsif ($sql =~ /^DROP (USER|ROLE) ($NAME)(?: CASCADE)?$/) {
        my $n = name($2);
        delete(($1 eq 'USER' ? $u : $self->{role})->{$n}) or die $sql;
        delete $self->{pwfile}{$n};
        for my $of (qw(member sys tab col quota proxy)) {
            delete $self->{$of}{$_} for grep { /^\Q$n\E\0/
                || ($of =~ /member|proxy/ && /\0\Q$n\E$/)
                || ($of =~ /tab|col/ && /^[^\0]*\0\Q$n\E\0/) }
                keys %{ $self->{$of} };
        }
        push @{ $self->{pending} }, sprintf "SELECT format('DROP ROLE IF"
            . " EXISTS %%I', %s) \\gexec\n", TaiFish::SimMssql::lit($n);
    } elsif ($sql =~ /^CREATE ROLE ($NAME)(?:\s+(.*))?$/) {
        my ($n, $how) = (name($1), $2 // '');
        $self->{role}{$n} = { own => 'N',
            auth => $how =~ /IDENTIFIED BY/ ? 'PASSWORD' : 'NONE' };
    } elsif ($sql =~ /^(GRANT|REVOKE)\ (.*?)
                      (?:\s+ON\s+(?:DIRECTORY\s+)?((?:$NAME\.)?$NAME))?
                      \s+(?:TO|FROM)\s+($NAME)
                      (\s+WITH\s+(?:ADMIN|GRANT)\s+OPTION)?
                      (?:\s+CONTAINER\s*=\s*\w+)?$/xs) {
        $self->privileges($1, $2, $3, name($4), $5 ? 'YES' : 'NO');
    } else {
        die "the simulated server knows no: $sql";
    }
}

sub clauses {
    my ($self, $n, $rest) = @_;
    my $x = $self->{user}{$n};
    my %part = map { $_ => 1 } $x->{status} eq 'OPEN' ? ()
        : split / & /, $x->{status};

    $x->{ts} = name($1) if $rest =~ /DEFAULT TABLESPACE ($NAME)/;
    $x->{profile} = name($1) if $rest =~ /PROFILE ($NAME)/;
    $part{LOCKED} = 1 if $rest =~ /ACCOUNT LOCK/;
    delete @part{'LOCKED', 'LOCKED(TIMED)'} if $rest =~ /ACCOUNT UNLOCK/;
    $part{EXPIRED} = 1 if $rest =~ /PASSWORD EXPIRE/;
    $x->{status} = join(' & ', sort keys %part) || 'OPEN';
    $x->{locked} = $part{LOCKED} ? $when : undef;
    $x->{expires} = $when if $part{EXPIRED};
    while ($rest =~ /QUOTA (\d+)([KMG]?|UNLIMITED) ON ($NAME)/g) {
        $self->{quota}{"$n\0" . name($3)} = $1 * { '' => 1, K => 1024,
            M => 1024 ** 2, G => 1024 ** 3 }->{$2};
    }
    while ($rest =~ /QUOTA UNLIMITED ON ($NAME)/g) {
        $self->{quota}{"$n\0" . name($1)} = -1;
    }
}

sub privileges {
    my ($self, $verb, $list, $object, $to, $option) = @_;
    my $grant = $verb eq 'GRANT';
    die "no $to" unless $self->{user}{$to} || $self->{role}{$to}
        || $to eq 'PUBLIC';
    my @object = map { name($_) } ($object // '') =~ /$NAME/g;
    unshift @object, 'SYS' if @object == 1;

    for my $item ($list =~ /((?:[^,(]|\([^)]*\))+)/g) {
        my ($p, $columns) = $item =~ /^\s*(.*?)\s*(?:\(([^)]*)\))?\s*$/s;
        my $set = sub { my ($of, $key, $value) = @_;
            $grant ? ($self->{$of}{$key} = $value)
                : delete $self->{$of}{$key} };

        if (@object) {
            $p = uc $p;
            if (defined $columns) {
                $set->('col', join("\0", $to, @object, name($_), $p), $option)
                    for $columns =~ /$NAME/g;
            } else {
                $set->('tab', join("\0", $to, @object, $p), $option);
                push @{ $self->{pending} },
                    lc("$verb $p ON $object[0].$object[1] ")
                    . ($grant ? 'TO' : 'FROM') . qq( "$to";\n)
                    if $object[0] eq 'SYS' && $object[1] =~ /^(?:DBA_|V_\$)/
                       && $self->{user}{$to};
            }
        } elsif (uc($p) =~ /^SYS(?:DBA|OPER|ASM|BACKUP|DG|KM)$/) {
            $grant ? ($self->{pwfile}{$to}{ uc $p } = 1)
                : delete $self->{pwfile}{$to}{ uc $p };
        } elsif ($self->{role}{ name($p) }) {
            $set->('member', "$to\0" . name($p), [$option, 'YES']);
        } else {
            $set->('sys', "$to\0" . uc $p, $option);
        }
    }
}

# --- to the dictionary -------------------------------------------------------

sub flush {
    my ($self) = @_;
    my $twelve = $self->{version} >= 1201;
    my $yes = sub { $twelve ? $_[0] ? 'Y' : 'N' : undef };
    my @split = map { my $of = $_; [map { [split(/\0/), $self->{$of}{$_}] }
        sort keys %{ $self->{$of} }] } qw(sys tab col quota);

    my $sql = join '', map { TaiFish::SimMssql::rows(@$_) }
        ['users', map { my $x = $self->{user}{$_}; [$_, $x->{id},
            $x->{status}, $x->{locked}, $x->{expires}, $x->{ts}, 'TEMP',
            $when, $x->{profile}, $x->{auth},
            $twelve ? $x->{common} || $x->{own} ? 'YES' : 'NO' : undef,
            $yes->($x->{own}), $x->{last_login}, $when] }
            keys %{ $self->{user} }],
        ['roles', map { [$_, $self->{role}{$_}{auth},
            $twelve ? 'NO' : undef, $twelve ? $self->{role}{$_}{own}
                : undef] } keys %{ $self->{role} }],
        ['role_privs', map { [split(/\0/), @{ $self->{member}{$_} }] }
            keys %{ $self->{member} }],
        ['sys_privs', @{ $split[0] }],
        ['tab_privs', map { [@$_[0 .. 2], 'SYS', @$_[3, 4], 'NO'] }
            @{ $split[1] }],
        ['col_privs', map { [@$_[0 .. 3], 'SYS', @$_[4, 5]] }
            @{ $split[2] }],
        ['ts_quotas', map { [$_->[1], $_->[0], 0, $_->[2], 'NO'] }
            @{ $split[3] }],
        ['proxies', map { [split(/\0/), 'NO', @{ $self->{proxy}{$_} }] }
            keys %{ $self->{proxy} }],
        ['pwfile', map { my $n = $_; [$n, map { $self->{pwfile}{$n}{$_}
            ? 'TRUE' : 'FALSE' } qw(SYSDBA SYSOPER SYSASM SYSBACKUP SYSDG
            SYSKM)] } grep { keys %{ $self->{pwfile}{$_} } }
            keys %{ $self->{pwfile} }],
        ['component', [$release{ $self->{version} }[1],
            $release{ $self->{version} }[0], '64bit Production'],
            ['PL/SQL ', $release{ $self->{version} }[0], 'Production']];
    $sql .= join '', @{ delete $self->{pending} || [] };
    $self->{pg}->sql($sql, 'ORCL');
}

1;
