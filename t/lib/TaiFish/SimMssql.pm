package TaiFish::SimMssql;

# A simulated SQL Server: a PostgreSQL whose databases have the documented
# catalog views of SQL Server (t/sim/sqlserver.sql), and statements of T-SQL
# about principals and permissions that fill them as the documentation says.
#
#     my $s = TaiFish::SimMssql->new($pg, version => 2019);
#     $s->run(q{CREATE LOGIN app WITH PASSWORD = 'x'});
#     $s->run(q{USE app; CREATE USER u FOR LOGIN app; GRANT SELECT TO u});
#     my @as = $s->as('mon', 'secret');       # for TaiFish::Dump::read
#
# What a login may see and enter follows from its permissions.

use strict;
use warnings;
use utf8;

my %release = (2012 => '11.0.7507.2', 2014 => '12.0.6024.0',
    2016 => '13.0.6300.2', 2017 => '14.0.3456.2', 2019 => '15.0.4430.1',
    2022 => '16.0.4205.1');

our $DRIVER = '/usr/lib/*/odbc/psqlodbcw.so';

my @fixed_server = qw(sysadmin securityadmin serveradmin setupadmin
    processadmin diskadmin dbcreator bulkadmin);
my %fixed_database = (db_owner => 16384, db_accessadmin => 16385,
    db_securityadmin => 16386, db_ddladmin => 16387,
    db_backupoperator => 16389, db_datareader => 16390,
    db_datawriter => 16391, db_denydatareader => 16392,
    db_denydatawriter => 16393);
my %desc = (S => 'SQL_LOGIN', U => 'WINDOWS_LOGIN', G => 'WINDOWS_GROUP',
    R => 'SERVER_ROLE', C => 'CERTIFICATE_MAPPED_LOGIN',
    K => 'ASYMMETRIC_KEY_MAPPED_LOGIN', E => 'EXTERNAL_LOGIN',
    X => 'EXTERNAL_GROUP');
my %auth = (0 => 'NONE', 1 => 'INSTANCE', 2 => 'DATABASE', 3 => 'WINDOWS',
    4 => 'EXTERNAL');
my $when = '2024-03-04 05:06:07.890';

sub new {
    my ($class, $pg, %o) = @_;
    my $self = bless { pg => $pg, version => $o{version} || 2019,
        next => 260, sid => 1000, principal => {}, member => {}, perm => {},
        database => {}, dirty => {}, current => 'master' }, $class;

    $self->server_principal('sa', 1, 'S', sid => '01');
    $self->server_principal('public', 2, 'R', sid => '02');
    my $id = 3;
    $self->server_principal($_, $id++, 'R', fixed => 1) for @fixed_server;
    if ($self->{version} >= 2022) {
        $self->server_principal("##MS_$_##", $id++, 'R', fixed => 1) for
            qw(ServerStateReader ServerStateManager DefinitionReader
               DatabaseConnector DatabaseManager LoginManager
               SecurityDefinitionReader PerformanceDefinitionReader
               ServerSecurityStateReader ServerPerformanceStateReader);
    }
    $self->server_principal('##MS_PolicyEventProcessingLogin##', 256, 'S',
        disabled => 1);
    $self->server_principal('NT AUTHORITY\\SYSTEM', 259, 'U');
    $self->{member}{3}{1} = 1;
    $self->server_perm('G', 'VIEW ANY DATABASE', 2, 100);
    $self->server_perm('G', 'CONNECT SQL', $_, 100) for 1, 256, 259;
    $self->add_database('master', 1);
    $self->add_database('msdb', 4);
    $self->{next_database} = 5;
    $self->flush;
    return $self;
}

sub as {
    my ($self, $user, $password) = @_;
    $self->flush;
    my ($driver) = glob $DRIVER or die 'no odbc-postgresql';
    return (port => $self->{pg}->port, user => $user, password => $password,
        database => 'master', driver => $driver);
}

sub server_principal {
    my ($self, $name, $id, $type, %o) = @_;
    $self->{dirty}{master} = 1;
    return $self->{principal}{$name} = { name => $name, id => $id,
        type => $type, sid => $o{sid} || sprintf('%032x', $self->{sid}++),
        disabled => $o{disabled} || 0, fixed => $o{fixed} || 0,
        policy => 1, expiration => 0, default => 'master', prop => {} };
}

sub server_perm {
    my ($self, $state, $name, $id, $class, $major, $grantor) = @_;
    $self->{dirty}{master} = 1;
    $self->set_perm($self->{perm}, $state, $name, $id, $class, $major || 0, 0,
        $grantor);
}

# A row per permission, securable, grantee and grantor.

sub set_perm {
    my ($self, $to, $state, $name, $id, $class, $major, $minor, $grantor) = @_;
    $grantor ||= 1;
    my $key = join "\0", $name, $id, $class, $major, $minor, $grantor;
    if ($state eq 'R') {
        delete $to->{$key};
    } else {
        $to->{$key} = [$class, $major, $minor, $id, $grantor, $name, $state];
    }
}

sub add_database {
    my ($self, $name, $id) = @_;
    my $d = $self->{database}{$name} = { name => $name, id => $id,
        owner => '01', state => 0, principal => {}, member => {}, perm => {},
        schema => { dbo => [1, 1], guest => [2, 2],
            INFORMATION_SCHEMA => [3, 3], sys => [4, 4] },
        object => {}, type => {}, next => 5, next_schema => 5,
        next_object => 245575913 };

    my $p = sub { my ($n, $i, $type, %o) = @_;
        $d->{principal}{$n} = { name => $n, id => $i, type => $type,
            sid => undef, auth => 0, fixed => 0, %o } };
    $p->('public', 0, 'R', sid => '0105' . '00' x 8);
    $p->('dbo', 1, 'S', sid => '01', auth => 1, schema => 'dbo');
    $p->('guest', 2, 'S', sid => '00', schema => 'guest');
    $p->('INFORMATION_SCHEMA', 3, 'S');
    $p->('sys', 4, 'S');
    $p->($_, $fixed_database{$_}, 'R', fixed => 1) for keys %fixed_database;
    $d->{schema}{$_} = [$fixed_database{$_}, $fixed_database{$_}]
        for keys %fixed_database;
    $d->{member}{16384}{1} = 1;
    $self->set_perm($d->{perm}, 'G', 'CONNECT', 1, 0, 0, 0);
    # what every database has: rights of public on the system's objects
    $self->set_perm($d->{perm}, 'G', 'SELECT', 0, 1, -$_, 0) for 100 .. 110;
    $self->set_perm($d->{perm}, 'G', 'CONNECT', 2, 0, 0, 0)
        if $name =~ /^(?:master|msdb)$/;

    my $q = $self->{pg}->value("SELECT quote_ident(" . lit($name) . ")",
        'postgres');
    $self->{pg}->sql("CREATE DATABASE $q", 'postgres');
    open my $in, '<', 't/sim/sqlserver.sql' or die $!;
    $self->{pg}->sql(do { local $/; <$in> }, conn($name));
    $self->{pg}->sql("ALTER DATABASE $q SET search_path = sys, pg_catalog;
        REVOKE ALL ON DATABASE $q FROM PUBLIC", conn($name));
    $self->{dirty}{$_} = 1 for $name, 'master';
}

# --- T-SQL -------------------------------------------------------------------

my $NAME = qr/\[(?:[^\]]|\]\])*\]|"[^"]*"|[\w\$#@]+/;

sub name {
    my ($n) = @_;
    return $n =~ /^\[(.*)\]$/s ? $1 =~ s/\]\]/]/gr
         : $n =~ /^"(.*)"$/s ? $1 : $n;
}

# A name as psql takes it, which may take a name for more.

sub conn { my ($n) = @_; $n =~ s/([\\'])/\\$1/g; return "dbname='$n'" }

sub lit { my ($s) = @_; return 'NULL' unless defined $s;
    $s =~ s/'/''/g; return "'$s'" }

sub run {
    my ($self, @batches) = @_;
    my $depth = qr/(?:\[(?:[^\]]|\]\])*\]|'(?:[^']|'')*'|[^;\['])+/;

    for my $batch (@batches) {
        $self->statement($_) for grep { /\S/ } $batch =~ /$depth/g;
    }
    $self->{current} = 'master';
    $self->{dirty}{master} = 1;
    return $self;
}

sub statement {
    my ($self, $sql) = @_;
    $sql =~ s/^(?:\s+|--[^\n]*\n|GO\s*\n)+//;
    $sql =~ s/\s+$//;
    return if $sql eq '';
    my $d = $self->{database}{ $self->{current} };
    my $p = $self->{principal};

    if ($sql =~ /^--property (\S+) (\S+) (\S+)$/) {
        $p->{$1}{prop}{$2} = $3;
        return;
    }
    if ($sql =~ /^USE ($NAME)$/) {
        $self->{current} = name($1);
        $self->{database}{ $self->{current} } or die "no database: $sql";
        return;
    }
    $self->{dirty}{ $self->{current} } = 1;

    if ($sql =~ /^CREATE LOGIN ($NAME)\s+(.*)$/s) {
        my ($n, $rest) = (name($1), $2);
        die "twice: $sql" if $p->{$n};
        my $type = $rest =~ /^FROM WINDOWS GROUP/ ? 'G'
            : $rest =~ /^FROM WINDOWS/ ? 'U'
            : $rest =~ /^FROM CERTIFICATE/ ? 'C'
            : $rest =~ /^FROM ASYMMETRIC KEY/ ? 'K'
            : $rest =~ /^FROM EXTERNAL PROVIDER/ ? 'E' : 'S';
        my $l = $self->server_principal($n, $self->{next}++, $type);
        $self->server_perm('G', 'CONNECT SQL', $l->{id}, 100);
        $l->{policy} = 0 if $rest =~ /CHECK_POLICY = OFF/;
        $l->{expiration} = 1 if $rest =~ /CHECK_EXPIRATION = ON/;
        $l->{default} = name($1) if $rest =~ /DEFAULT_DATABASE = ($NAME)/;
        $l->{sid} = lc $1 if $rest =~ /SID = 0x([0-9A-Fa-f]+)/;
        if ($type eq 'S') {
            my ($pw) = $rest =~ /PASSWORD = N?('(?:[^']|'')*')/;
            $l->{prop} = { IsLocked => 0, IsExpired => 0,
                IsMustChange => $rest =~ /MUST_CHANGE/ ? 1 : 0,
                PasswordLastSetTime => $when };
            push @{ $self->{roles} }, sprintf "SELECT format('CREATE ROLE"
                . " %%I LOGIN PASSWORD %%L', %s, %s) \\gexec\n", lit($n), $pw
                if $n !~ /[\n\0]/ && $pw;
        }
    } elsif ($sql =~ /^ALTER LOGIN ($NAME) (DISABLE|ENABLE)$/) {
        $self->login($1)->{disabled} = $2 eq 'DISABLE' ? 1 : 0;
    } elsif ($sql =~ /^ALTER LOGIN ($NAME) WITH CHECK_EXPIRATION = OFF$/) {
        $self->login($1)->{expiration} = 0;
    } elsif ($sql =~ /^ALTER LOGIN ($NAME) WITH NAME = ($NAME)$/) {
        my $l = delete $p->{ name($1) } or die $sql;
        $l->{name} = name($2);
        $p->{ $l->{name} } = $l;
    } elsif ($sql =~ /^DROP (?:LOGIN|SERVER ROLE) ($NAME)$/) {
        my $l = delete $p->{ name($1) } or die $sql;
        push @{ $self->{roles} }, sprintf "SELECT format('DROP OWNED BY %%I;"
            . " DROP ROLE %%1\$I', %s) \\gexec\n", lit($l->{name})
            if $l->{type} eq 'S';
        delete $self->{entered}{$_}{ $l->{name} }
            for keys %{ $self->{entered} };
        delete $self->{member}{$_}{ $l->{id} } for keys %{ $self->{member} };
        delete $self->{member}{ $l->{id} };
        for my $k (keys %{ $self->{perm} }) {
            delete $self->{perm}{$k} if $self->{perm}{$k}[3] == $l->{id};
        }
    } elsif ($sql =~ /^CREATE SERVER ROLE ($NAME)/) {
        $self->server_principal(name($1), $self->{next}++, 'R');
    } elsif ($sql =~ /^ALTER SERVER ROLE ($NAME) (ADD|DROP) MEMBER ($NAME)$/) {
        my ($r, $add, $m) = ($self->login($1), $2, $self->login($3));
        $add eq 'ADD' ? ($self->{member}{ $r->{id} }{ $m->{id} } = 1)
            : delete $self->{member}{ $r->{id} }{ $m->{id} };
    } elsif ($sql =~ /^CREATE DATABASE ($NAME)/) {
        $self->add_database(name($1), $self->{next_database}++);
    } elsif ($sql =~ /^ALTER DATABASE ($NAME) SET (ONLINE|OFFLINE)/) {
        $self->{database}{ name($1) }{state} = $2 eq 'OFFLINE' ? 6 : 0;
    } elsif ($sql =~ /^DROP DATABASE ($NAME)$/) {
        my $x = delete $self->{database}{ name($1) } or die $sql;
        my $q = $self->{pg}->value('SELECT quote_ident('
            . lit($x->{name}) . ')', 'postgres');
        $self->{pg}->sql("DROP DATABASE $q WITH (FORCE)", 'postgres');
        delete $self->{dirty}{ $x->{name} };
    } elsif ($sql =~ /^ALTER AUTHORIZATION ON (\w+)::(\S+) TO ($NAME)$/) {
        my ($class, $what, $to) = ($1, $2, $3);
        if ($class eq 'DATABASE') {
            my $x = $self->{database}{ name($what) } or die $sql;
            $x->{owner} = $x->{principal}{dbo}{sid} = $self->login($to)->{sid};
            $self->{dirty}{ $x->{name} } = 1;
        } elsif ($class eq 'SCHEMA') {
            $d->{schema}{ name($what) }[1] = $self->user($to)->{id};
        } else {
            $self->object($what)->{owner} = $self->user($to)->{id};
        }
    } elsif ($sql =~ /^CREATE USER ($NAME)\s*(.*)$/s) {
        my ($n, $rest) = (name($1), $2);
        my $u = { name => $n, id => $d->{next}++, type => 'S', auth => 1,
            schema => 'dbo', fixed => 0 };
        if ($rest =~ /^WITHOUT LOGIN/) {
            @$u{qw(auth sid)} = (0, sprintf '%056x', $self->{sid}++);
        } elsif ($rest =~ /^WITH PASSWORD/) {
            @$u{qw(auth sid)} = (2, sprintf '%056x', $self->{sid}++);
        } else {
            my $l = $self->login($rest =~ /^FOR LOGIN ($NAME)/ ? $1 : "[$n]");
            @$u{qw(type sid)} = @$l{qw(type sid)};
            $u->{auth} = $l->{type} eq 'S' ? 1 : $l->{type} =~ /[UG]/ ? 3
                : $l->{type} =~ /[EX]/ ? 4 : 0;
        }
        $u->{schema} = name($1) if $rest =~ /DEFAULT_SCHEMA = ($NAME)/;
        $d->{principal}{$n} = $u;
        $self->set_perm($d->{perm}, 'G', 'CONNECT', $u->{id}, 0, 0, 0)
            unless $u->{auth} == 0 && $rest =~ /^WITHOUT/;
    } elsif ($sql =~ /^CREATE (APPLICATION )?ROLE ($NAME)/) {
        $d->{principal}{ name($2) } = { name => name($2),
            id => $d->{next}++, type => $1 ? 'A' : 'R', auth => 0, fixed => 0,
            sid => sprintf '%056x', $self->{sid}++ };
    } elsif ($sql =~ /^ALTER ROLE ($NAME) (ADD|DROP) MEMBER ($NAME)$/) {
        my ($r, $add, $m) = ($self->user($1), $2, $self->user($3));
        $add eq 'ADD' ? ($d->{member}{ $r->{id} }{ $m->{id} } = 1)
            : delete $d->{member}{ $r->{id} }{ $m->{id} };
    } elsif ($sql =~ /^DROP (?:USER|ROLE|APPLICATION ROLE) ($NAME)$/) {
        my $u = delete $d->{principal}{ name($1) } or die $sql;
        delete $d->{member}{$_}{ $u->{id} } for keys %{ $d->{member} };
        delete $d->{member}{ $u->{id} };
        for my $k (keys %{ $d->{perm} }) {
            delete $d->{perm}{$k} if $d->{perm}{$k}[3] == $u->{id};
        }
    } elsif ($sql =~ /^CREATE SCHEMA ($NAME)(?: AUTHORIZATION ($NAME))?$/) {
        $d->{schema}{ name($1) } = [$d->{next_schema}++,
            $2 ? $self->user($2)->{id} : 1];
    } elsif ($sql =~ /^CREATE\ (TABLE|VIEW|PROCEDURE)\ ((?:$NAME\.)?$NAME)\s*
                      (?:\((.*)\))?/xs) {
        my ($kind, $what, $columns) = ($1, $2, $3 // '');
        my ($s, $o) = $self->split_name($what);
        my $n = 0;
        $d->{object}{$s}{$o} = { id => $d->{next_object} += 16,
            type => { TABLE => 'U', VIEW => 'V', PROCEDURE => 'P' }->{$kind},
            columns => { map { /^\s*($NAME)/ ? (name($1) => ++$n) : () }
                split /,/, $columns } };
    } elsif ($sql =~ /^CREATE TYPE ((?:$NAME\.)?$NAME) FROM/) {
        my ($s, $o) = $self->split_name($1);
        $d->{type}{$s}{$o} = 256 + keys %{ $d->{type}{$s} };
    } elsif ($sql =~ /^CREATE ENDPOINT ($NAME)$/) {
        $self->{endpoint}{ name($1) } = 65536 + keys %{ $self->{endpoint} };
    } elsif ($sql =~ /^(GRANT|DENY|REVOKE)\ (GRANT\ OPTION\ FOR\ )?(.*?)
                      (?:\s+ON\s+(?:(\w+(?:\ \w+)*)::)?
                         ((?:$NAME\.)?$NAME)(?:\s*\(([^)]*)\))?)?
                      \s+(?:TO|FROM)\s+($NAME)
                      (\s+WITH\ GRANT\ OPTION)?(?:\s+CASCADE)?
                      (?:\s+AS\s+($NAME))?$/xs) {
        $self->permission($1, $3, $4, $5, $6, $7, $8 || $2 && '', $9);
    } else {
        die "the simulated server knows no: $sql";
    }
}

my %server_permission = map { $_ => 1 } 'CONTROL SERVER', 'CONNECT SQL',
    'SHUTDOWN', 'ADMINISTER BULK OPERATIONS', 'VIEW SERVER STATE',
    'VIEW SERVER SECURITY STATE', 'VIEW SERVER PERFORMANCE STATE',
    'ALTER SETTINGS', 'ALTER TRACE', 'UNSAFE ASSEMBLY',
    'EXTERNAL ACCESS ASSEMBLY', 'AUTHENTICATE SERVER', 'ALTER SERVER STATE',
    'ALTER RESOURCES', 'IMPERSONATE ANY LOGIN', 'SELECT ALL USER SECURABLES',
    'CONNECT ANY DATABASE', 'CREATE ANY DATABASE', 'CREATE ENDPOINT',
    'CREATE SERVER ROLE', 'CREATE AVAILABILITY GROUP',
    'CREATE DDL EVENT NOTIFICATION', 'CREATE TRACE EVENT NOTIFICATION';

sub permission {
    my ($self, $verb, $list, $class, $what, $columns, $to, $option, $by) = @_;
    my $d = $self->{database}{ $self->{current} };
    my $state = { GRANT => $option ? 'W' : 'G', DENY => 'D',
        REVOKE => 'R' }->{$verb};
    $state = 'G' if $verb eq 'REVOKE' && defined $option && $option eq '';

    for my $perm (split /\s*,\s*/, $list) {
        my $server = $server_permission{$perm} || $perm =~ /\bANY (?!SCHEMA\b
            |ROLE\b|USER\b|APPLICATION|ASSEMBLY|DATASPACE|COLUMN|SENSITIVITY)/x
            || ($class // '') =~ /^(?:LOGIN|ENDPOINT|SERVER ROLE)$/;
        die "no such permission in $self->{version}: $perm"
            if $self->{version} < 2014 && $perm eq 'CONNECT ANY DATABASE';

        if ($server) {
            my $g = $by ? $self->login($by)->{id} : 1;
            my ($n, $major) = (100, 0);
            ($n, $major) = (105, $self->{endpoint}{ name($what) })
                if ($class // '') eq 'ENDPOINT';
            ($n, $major) = (101, $self->login($what)->{id})
                if ($class // '') =~ /LOGIN|ROLE/;
            die "permissions of the server are granted in master"
                if $self->{current} ne 'master';
            $self->server_perm($state, $perm, $self->login($to)->{id}, $n,
                $major, $g);
            next;
        }

        my $id = $self->user($to)->{id};
        my $g = $by ? $self->user($by)->{id} : 1;

        if (!defined $what) {
            $self->set_perm($d->{perm}, $state, $perm, $id, 0, 0, 0, $g);
        } elsif (($class // '') eq 'SCHEMA') {
            $self->set_perm($d->{perm}, $state, $perm, $id, 3,
                ($d->{schema}{ name($what) } or die "no schema $what")->[0],
                0, $g);
        } elsif (($class // '') =~ /^(?:USER|ROLE)$/) {
            $self->set_perm($d->{perm}, $state, $perm, $id, 4,
                $self->user($what)->{id}, 0, $g);
        } elsif (($class // '') eq 'TYPE') {
            my ($s, $o) = $self->split_name($what);
            $self->set_perm($d->{perm}, $state, $perm, $id, 6,
                $d->{type}{$s}{$o}, 0, $g);
        } elsif (($class // '') eq 'CERTIFICATE') {
            $self->set_perm($d->{perm}, $state, $perm, $id, 25, 256, 0, $g);
        } else {
            my $o = $self->object($what);
            $self->set_perm($d->{perm}, $state, $perm, $id, 1, $o->{id}, $_,
                    $g)
                for defined $columns
                    ? map { $o->{columns}{ name($_) } // die "no column $_" }
                        $columns =~ /$NAME/g
                    : 0;
        }
    }
}

sub login {
    my ($self, $n) = @_;
    return $self->{principal}{ name($n) } || die "no login $n";
}

sub user {
    my ($self, $n) = @_;
    return $self->{database}{ $self->{current} }{principal}{ name($n) }
        || die "no user $n in $self->{current}";
}

sub split_name {
    my ($self, $what) = @_;
    my @parts = map { name($_) } $what =~ /$NAME/g;
    return @parts == 2 ? @parts : ('dbo', @parts);
}

sub object {
    my ($self, $what) = @_;
    my ($s, $o) = $self->split_name($what);
    return $self->{database}{ $self->{current} }{object}{$s}{$o}
        || die "no object $what";
}

# The monitoring account of docs/monitoring-account.md, and what lets it into
# databases that were made since.

sub monitor {
    my ($self, $name, $password) = @_;
    open my $in, '<:encoding(UTF-8)', 'docs/monitoring-account.md' or die $!;
    my $page = do { local $/; <$in> };
    my ($all) = $page =~ /```sql sqlserver\n(.*?)```/s or die 'no script';
    my ($new) = $page =~ /```sql sqlserver2014\n(.*?)```/s or die 'no script';

    for ($all, $new) {
        s/taifish_monitor/$name/g;
        s/change-me/$password/g;
    }
    $self->run($all);
    $self->run($new) if $self->{version} >= 2014;
    $self->admit($name);
}

sub admit {
    my ($self, $name) = @_;
    return if $self->{version} >= 2014;
    for my $d (sort keys %{ $self->{database} }) {
        next if $self->{database}{$d}{principal}{$name}
            || $self->{database}{$d}{state};
        my $q = $d =~ s/\]/]]/gr;
        $self->run("USE [$q]; CREATE USER $name FOR LOGIN $name");
    }
}

# LOGINPROPERTY of a login, as time and the policy of the host would set it.

sub property {
    my ($self, $login, %set) = @_;
    my $l = $self->{principal}{$login};
    $l->{prop}{$_} = $set{$_} for keys %set;
    $self->{dirty}{master} = 1;
}

# --- to the catalog ----------------------------------------------------------

sub effective {
    my ($self, $l, $permission) = @_;
    my @roles = ($l->{id}, 2);
    for (my $i = 0; $i < @roles; $i++) {
        for my $r (keys %{ $self->{member} }) {
            push @roles, $r if $self->{member}{$r}{ $roles[$i] }
                && !grep { $_ == $r } @roles;
        }
    }
    return 1 if grep { $_ == 3 } @roles;
    my %state = map { $_->[6] => 1 } grep { my $x = $_;
        $x->[0] == 100 && ($x->[5] eq $permission
            || $x->[5] eq 'CONTROL SERVER')
        && grep { $_ == $x->[3] } @roles } values %{ $self->{perm} };
    return !$state{D} && ($state{G} || $state{W}) ? 1 : 0;
}

sub rows {
    my ($table, @rows) = @_;
    my $sql = "TRUNCATE sim.$table;\n";
    while (my @some = splice @rows, 0, 500) {
        $sql .= "INSERT INTO sim.$table VALUES\n" . join(",\n",
            map { '(' . join(', ', map { lit($_) } @$_) . ')' } @some)
            . ";\n";
    }
    return $sql;
}

sub hex_of { defined $_[0] ? "\\x$_[0]" : undef }

sub perms {
    my ($from, $classes) = @_;
    my %state = (G => 'GRANT', W => 'GRANT_WITH_GRANT_OPTION', D => 'DENY');
    return map { my ($class, $major, $minor, $id, $grantor, $name, $s) = @$_;
        [$class, $classes->{$class}, $major, $minor, $id, $grantor,
         substr($name, 0, 4), $name, $s, $state{$s}] } values %$from;
}

sub members {
    my ($of) = @_;
    return map { my $r = $_; map { [$r, $_] } keys %{ $of->{$r} } } keys %$of;
}

sub flush {
    my ($self) = @_;
    my $pg = $self->{pg};
    my @logins = grep { $_->{type} eq 'S' } values %{ $self->{principal} };
    my @seers = grep { $self->effective($_, 'VIEW ANY DEFINITION') } @logins;
    my %access;

    for my $d (values %{ $self->{database} }) {
        my %sid = map { $_->{sid} => 1 } grep { defined $_->{sid} }
            values %{ $d->{principal} };
        my $guest = exists $d->{perm}{ join "\0", 'CONNECT', 2, 0, 0, 0, 1 };
        my @in = grep { !$d->{state} && ($guest || $sid{ $_->{sid} }
            || $self->effective($_, 'CONNECT ANY DATABASE')) } @logins;
        $access{ $d->{name} } = { map { $_->{name} => 1 } @in };
    }

    my @stats = grep { $self->effective($_, 'VIEW SERVER STATE') } @logins;
    my $seers = join '|', sort(map { $_->{name} } @seers), '',
        sort map { $_->{name} } @stats;
    if ($seers ne ($self->{seers} // '')) {
        $self->{dirty}{$_} = 1 for keys %{ $self->{database} };
        $self->{seers} = $seers;
    }

    for my $name (sort keys %{ $self->{dirty} }) {
        my $d = $self->{database}{$name} or next;
        my $sql = rows('seers', map { [$_->{name}] } @seers)
            . rows('states', map { [$_->{name}] } @stats);

        if ($name eq 'master') {
            my @p = values %{ $self->{principal} };
            $sql .= rows('own', map { [@$_{qw(name id)}] } @logins)
                . rows('properties', ['ProductVersion',
                    $release{ $self->{version} }],
                    ['Edition', 'Developer Edition (64-bit)'],
                    ['EngineEdition', 3])
                . rows('login_properties', map { my $l = $_;
                    map { [$l->{name}, $_, $l->{prop}{$_}] }
                        keys %{ $l->{prop} } } @p)
                . rows('access', map { my $x = $_;
                    map { [$_, $x] } keys %{ $access{$x} } } keys %access)
                . rows('server_principals', map { [$_->{name}, $_->{id},
                    hex_of($_->{sid}), $_->{type}, $desc{ $_->{type} },
                    $_->{disabled}, $when, $when,
                    $_->{type} eq 'R' ? undef : $_->{default}, 'us_english',
                    undef, $_->{type} eq 'R' ? 1 : undef, $_->{fixed}] } @p)
                . rows('sql_logins', map { [@$_{qw(id policy expiration)}] }
                    @logins)
                . rows('server_role_members', members($self->{member}))
                . rows('server_permissions', perms($self->{perm},
                    { 100 => 'SERVER', 101 => 'SERVER_PRINCIPAL',
                      105 => 'ENDPOINT' }))
                . rows('endpoints', map { [$_, $self->{endpoint}{$_}] }
                    keys %{ $self->{endpoint} })
                . rows('master_files', map { ([$_->{id}, 1, 0, 'ROWS',
                    "$_->{name}_data", 1024, -1, 8192], [$_->{id}, 2, 1,
                    'LOG', "$_->{name}_log", 256, -1, 8192]) }
                    values %{ $self->{database} })
                . rows('databases', map { [$_->{name}, $_->{id}, undef,
                    hex_of($_->{owner}), $_->{state},
                    $_->{state} ? 'OFFLINE' : 'ONLINE', 0] }
                    values %{ $self->{database} });
        }

        $sql .= rows('database_principals', map { [$_->{name}, $_->{id},
                $_->{type}, undef, $_->{schema}, $when, $when, 1,
                hex_of($_->{sid}), $_->{fixed}, $_->{auth},
                $auth{ $_->{auth} }] } values %{ $d->{principal} })
            . rows('database_role_members', members($d->{member}))
            . rows('database_permissions', perms($d->{perm}, {
                0 => 'DATABASE', 1 => 'OBJECT_OR_COLUMN', 3 => 'SCHEMA',
                4 => 'DATABASE_PRINCIPAL', 6 => 'TYPE',
                25 => 'CERTIFICATE' }))
            . rows('schemas', map { [$_, @{ $d->{schema}{$_} }] }
                keys %{ $d->{schema} })
            . rows('objects', map { my $s = $_; map { my $o =
                $d->{object}{$s}{$_}; [$_, $o->{id}, $o->{owner},
                    $d->{schema}{$s}[0], $o->{type}, 0] }
                keys %{ $d->{object}{$s} } } keys %{ $d->{object} })
            . rows('columns', map { map { my $o = $_;
                map { [$o->{id}, $_, $o->{columns}{$_}] }
                    keys %{ $o->{columns} } } values %$_ }
                values %{ $d->{object} })
            . rows('partition_stats', map { map { ([$_->{id}, 1, 1, 16, 10,
                1000], [$_->{id}, 2, 1, 4, 2, 1000]) } grep {
                    $_->{type} eq 'U' } values %$_ } values %{ $d->{object} })
            . rows('types', map { my $s = $_;
                map { [$_, $d->{type}{$s}{$_}, $d->{schema}{$s}[0]] }
                    keys %{ $d->{type}{$s} } } keys %{ $d->{type} });
        $pg->sql($sql, conn($name));
    }

    $self->enter(\%access);
    $self->{dirty} = {};
}

# Who may enter which database, told to PostgreSQL.

sub enter {
    my ($self, $access) = @_;
    my $sql = '';
    if (my $roles = delete $self->{roles}) {
        $self->{pg}->sql(join('', @$roles), 'postgres');
    }
    my %role = map { $_ => 1 } split /\n/, $self->{pg}->sql(
        'SELECT rolname FROM pg_roles', 'postgres');

    for my $d (keys %$access) {
        for my $l (sort keys %role) {
            my $may = $access->{$d}{$l} ? 1 : 0;
            next if ($self->{entered}{$d}{$l} // 0) == $may;
            $self->{entered}{$d}{$l} = $may;
            $sql .= sprintf "SELECT format('%s CONNECT ON DATABASE %%I %s"
                . " %%I', %s, %s) \\gexec\n", $may ? ('GRANT', 'TO')
                : ('REVOKE', 'FROM'), lit($d), lit($l);
        }
    }
    $self->{pg}->sql($sql, 'postgres') if $sql;
}

1;
