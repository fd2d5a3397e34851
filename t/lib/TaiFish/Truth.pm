package TaiFish::Truth;

# What was read of every account against the server's own word:
# has_*_privilege() of PostgreSQL, SHOW GRANTS of MySQL and MariaDB.
#
#     is_deeply [TaiFish::Truth::postgresql($pg, $categories)], [];
#     is_deeply [TaiFish::Truth::mysql($my, $categories, @accounts)], [];
#
# categories: a function from the name of an account to the categories of its
# snapshot; dumped() gives one for what TaiFish::Dump::read gave.  accounts:
# their principals.

use strict;
use warnings;
use utf8;

sub dumped {
    my ($d) = @_;
    my %all;

    for my $name (keys %{ $d->{accounts} }) {
        my $grants = $d->{accounts}{$name}{grants};
        for my $c (keys %$grants) {
            for my $key (keys %{ $grants->{$c} }) {
                my $list = $grants->{$c}{$key};
                $list = $list->[0] eq 'true'
                    if $c eq 'postgresql_role_attributes';
                if ($key eq '') {
                    $all{$name}{$c} = $list;
                } elsif ($key =~ /^(.*?)\|(.*)$/s) {
                    $all{$name}{$c}{$1}{$2} = $list;
                } else {
                    $all{$name}{$c}{$key} = $list;
                }
            }
        }
        $all{$name} ||= {};
    }

    return sub { $all{ $_[0] } };
}

# What has_*_privilege() says otherwise than the rights that are kept.

sub postgresql {
    my ($db, $categories) = @_;
    my (%kept, @differences);

    my @roles = map { $_->{rolname} } $db->rows(
        "SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_'");
    $kept{$_} = $categories->($_) || push @differences, "no account $_"
        for @roles, 'PUBLIC';
    return @differences if @differences;

    # whose rights a role has without SET ROLE

    my $inherits;
    $inherits = sub {
        my ($role, $seen) = @_;
        return if $seen->{$role}++ || !$kept{$role};
        my $k = $kept{$role};
        for my $of (@{ $k->{postgresql_predefined_roles} || [] }) {
            my @options = @{ $k->{postgresql_memberships}{$of} };
            my $inherit = (grep { /^GRANTED BY/ } @options)
                ? (grep { $_ eq 'INHERIT' } @options)
                : $k->{postgresql_role_attributes}{can_inherit};
            $inherits->($of, $seen) if $inherit;
        }
    };

    my $new = $db->value('SHOW server_version_num') >= 170000;
    my %all = (
        table => [qw(SELECT INSERT UPDATE DELETE TRUNCATE REFERENCES TRIGGER),
                  ('MAINTAIN') x $new],
        sequence => [qw(USAGE SELECT UPDATE)], schema => [qw(USAGE CREATE)],
        function => ['EXECUTE'], database => [qw(CONNECT CREATE TEMP)]);
    my $relation = q{quote_ident(n.nspname) || '.' || quote_ident(c.relname)
        AS name, c.oid FROM pg_class c JOIN pg_namespace n
        ON n.oid = c.relnamespace WHERE c.oid >= 16384 AND n.nspname
        !~ '^pg_' AND c.relkind};
    my %from = (table => "$relation IN ('r', 'v')",
        sequence => "$relation = 'S'",
        schema => "nspname AS name, oid FROM pg_namespace WHERE oid >= 16384
            AND nspname !~ '^pg_'",
        function => q{quote_ident(n.nspname) || '.' || quote_ident(p.proname)
            || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS name,
            p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE p.oid >= 16384},
        database => 'datname AS name, oid FROM pg_database WHERE oid >= 16384');

    for my $database (map { $_->{datname} } $db->rows(
        "SELECT datname FROM pg_database WHERE oid >= 16384"))
    {
        my $each = join ' UNION ALL ', map {
            my $privileges = join ',', map { "('$_')" } @{ $all{$_} };
            "SELECT '$_' AS kind, r.rolname, o.name, p.privilege,
                has_${_}_privilege(r.oid, o.oid, p.privilege) AS has
             FROM roles r, (SELECT $from{$_}) o,
                  (VALUES $privileges) AS p (privilege)"
        } sort keys %all;

        for my $row ($db->rows("WITH roles AS (SELECT oid, rolname
            FROM pg_roles WHERE rolname !~ '^pg_') $each", $database))
        {
            my ($kind, $role, $on, $p) = @$row{qw(kind rolname name privilege)};
            my %by;
            $inherits->($role, \%by);

            my $has = $kept{$role}{postgresql_role_attributes}{can_super};
            for my $by (keys %by, 'PUBLIC') {
                my $k = $kept{$by};
                my ($granted, $owned) = $kind eq 'database'
                    ? ($k->{postgresql_database_privileges}{$on}, 0)
                    : ($k->{"postgresql_${kind}_privileges"}{$database}{$on},
                       $k->{"postgresql_owned_${kind}s"}{$database}{$on});
                $has ||= $owned || grep { s/ WITH .*//r eq $p }
                                       @{ $granted || [] };
            }
            push @differences, "$role $p ON $kind $database.$on: server "
                . ($row->{has} ? 'yes' : 'no')
                if !$has != !$row->{has};
        }
    }

    return @differences;
}

# What SHOW GRANTS says otherwise than the rights that are kept.

sub mysql {
    my ($db, $categories, @accounts) = @_;
    my @differences;
    my $mandatory = ($categories->('PUBLIC') || {})->{mysql_granted_roles}
        {mandatory} || [];
    my @parts = map {
        /^`(.*)`\@`(.*)`$/s ? [map { s/``/`/gr } $1, $2]
                            : [/^(.*?)(?:\@([^\@]*))?$/s]
    } @accounts;
    my @said = split /^--next\n/m, $db->sql(join ';', 'SHOW GRANTS', map {
        "SELECT '--next'; SHOW GRANTS FOR " . join '@', map {
            "'" . s/([\\'])/\\$1/gr . "'" } grep { defined } @$_
    } @parts);
    my $own = shift @said;

    for my $principal (@accounts) {
        my $host = (shift @parts)->[1];
        my %server = map { $_ => 1 } granted(shift @said);
        my %kept = map { $_ => 1 } kept($categories->($principal));

        # what all have is told to who asks for itself alone

        if ($principal eq 'root@localhost') {
            my @more = grep { /^ROLE / && !$server{$_} }
                granted($own);
            push @differences, "all: @more: not @$mandatory"
                if "@{[sort @more]}" ne join ' ', sort map { "ROLE $_" }
                                                       @$mandatory;
        }

        # an empty host is any host in MariaDB's words
        %kept = map { s/^PROXY ON \S*@\K$/%/r => 1 } keys %kept
            if $db->isa('TaiFish::MariaDB') && !$db->isa('TaiFish::MySQL');

        # of a role MariaDB tells what its roles have, too
        my @roles = defined $host ? () : grep { s/^ROLE // } my @of
            = keys %kept;
        while (defined(my $role = shift @roles)) {
            my @more = kept($categories->($role));
            @kept{@more} = (1) x @more;
            push @roles, grep { s/^ROLE // } my @copy = @more;
        }

        # names as granted() has them
        %kept = map { s/[`'\\]//gr => 1 } keys %kept;

        for my $all (grep { /^ALL ON/ } keys %server) {
            my ($on) = $all =~ /^ALL (ON .*)/;
            my @of = grep { / \Q$on\E$/ && !/^GRANT OPTION/ } keys %kept;
            delete @kept{@of}, delete $server{$all} if @of >= 18;
        }
        push @differences,
            (map { "$principal: $_: server only" }
             grep { !$kept{$_} } sort keys %server),
            (map { "$principal: $_: kept only" }
             grep { !$server{$_} } sort keys %kept);
    }

    return @differences;
}

# "PRIVILEGE ON place" and "ROLE name" of the lines of SHOW GRANTS.

sub granted {
    my ($text) = @_;
    my @all;

    for my $line (split /\n/, $text) {
        $line =~ s/[`']//g;

        if ($line =~ /^GRANT (PROXY) ON (\S+) TO/) {
            push @all, "PROXY ON $2";

        } elsif ($line =~ /^(GRANT|REVOKE) (.*) ON (.*?) (?:TO|FROM) /) {
            my ($how, $list, $on) = ($1, $2, $3);
            my $option = $line =~ / WITH GRANT OPTION$/;
            $on =~ s/\\//g;
            my @of;
            while ($list =~ /\G([A-Z_ ]+?)(?: \(([^)]*)\))?(?:, ?|$)/g) {
                my ($p, $columns) = ($1, $2);
                next if $p eq 'USAGE';
                $p = "ALL" if $p eq "ALL PRIVILEGES";
                push @of, $columns ? map { "$p($_)" } split /, /, $columns
                                   : $p;
            }
            my $dynamic = @of && !grep { !/^[A-Z]+_[A-Z_]+$/ } @of;
            push @of, 'GRANT OPTION' if $option && !$dynamic;
            push @all, map { ($how eq 'REVOKE' ? 'NOT ' : '') . "$_ ON $on"
                . ($option && $dynamic ? ' GRANTABLE' : '') } @of;

        } elsif ($line =~ /^GRANT (.*) TO .*?( WITH ADMIN OPTION)?$/) {
            my $option = $2;
            push @all, map { ("ROLE $_", ("ADMIN $_") x !!$option) }
                split /,\s*/, $1;
        }
    }

    return @all;
}

sub kept {
    my ($c) = @_;
    my @all = map { s/ WITH GRANT OPTION$// ? "$_ ON *.* GRANTABLE"
                                            : "$_ ON *.*" }
        map { "$_" } @{ $c->{mysql_global_privileges} || [] };
    my $each = sub {
        my ($key, $as) = @_;
        for my $database (keys %{ $c->{$key} || {} }) {
            for my $on (keys %{ $c->{$key}{$database} }) {
                push @all, map { $as->($database, $on, $_) }
                    @{ $c->{$key}{$database}{$on} };
            }
        }
    };

    for my $on (keys %{ $c->{mysql_database_privileges} || {} }) {
        push @all, map { "$_ ON " . $on =~ s/^LIKE //r . '.*' }
            @{ $c->{mysql_database_privileges}{$on} };
    }
    for my $on (keys %{ $c->{mysql_partial_revokes} || {} }) {
        push @all, map { "NOT $_ ON $on.*" }
            @{ $c->{mysql_partial_revokes}{$on} };
    }
    $each->('mysql_table_privileges', sub { "$_[2] ON $_[0].$_[1]" });
    $each->('mysql_routine_privileges', sub {
        my ($type, $routine) = split / /, $_[1], 2;
        "$_[2] ON $type $_[0].$routine" });
    $each->('mysql_column_privileges', sub {
        my ($table, $column) = split /\./, $_[1], 2;
        "$_[2]($column) ON $_[0].$table" });
    push @all, map { "PROXY ON $_" }
        keys %{ $c->{mysql_proxy_privileges} || {} };
    my $roles = $c->{mysql_granted_roles} || {};
    push @all, map { "ROLE $_" } @{ $roles->{direct} || [] };
    push @all, map { "ADMIN $_" } @{ $roles->{admin} || [] };

    return @all;
}

1;
