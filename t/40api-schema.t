#!/usr/bin/perl

# Every operation of the API document, called with good and with bad input: a
# good answer has to fit its own schema, a bad one has to say what is wrong,
# with a code the document names.
#
# Input is made up from the document.  Where that is not enough, %fixture says
# how to get an object of a resource and %body what an operation has to be
# told.

use strict;
use warnings;
use lib 't/lib';

use JSON::PP ();

use TaiFish;
use TaiFish::Schema;

my $tf = TaiFish->new(http => 'taifish_run_wait 100ms');
$tf->start_nginx;

my $admin = $tf->as('admin');
my $doc = TaiFish::Schema->new($admin->get('/openapi.json')->json);
my $serial = 0;


# A new object of a resource, named as in paths; its id.

my %fixture;

%fixture = (
    tags => sub {
        my $n = ++$serial;
        return made('/tags', { name => "tag$n", display_name => "Tag $n",
                               category => 'made' }, 'tag');
    },
    credentials => sub {
        return made('/credentials', { name => 'credential' . ++$serial,
            credential_type => 'database', db_type => 'postgresql',
            username => 'monitor', password => 'Monitor-pass-1' },
            'credential');
    },
    instances => sub {
        return made('/instances', { name => 'instance' . ++$serial,
            db_type => 'postgresql', host => "db$serial.example",
            port => 5432, credential_id => $fixture{credentials}->() },
            'instance');
    },
    users => sub {
        return made('/users', { username => 'made' . ++$serial,
            role => 'viewer', password => 'Good-Horse-77' }, 'user');
    },
    tokens => sub {
        return made('/auth/tokens', { name => 'token' . ++$serial });
    },
    jobs => sub {
        my $id = 'job' . ++$serial;
        $tf->sql("INSERT INTO schedules (job_id, task_key, cron_expression)
                  VALUES ('$id', 'housekeeping', '0 5 * * *')");
        return $id;
    },
    run => sub {
        my ($status) = @_;
        my $done = $status eq 'completed' ? 'now()' : 'NULL';
        my $state = $status eq 'completed' ? 'done' : 'ready';
        my $run = $tf->row("INSERT INTO task_runs (task_key, task_category,
            trigger_source, status, completed_at, progress_total)
            VALUES ('sync_accounts', 'account', 'manual', '$status', $done, 1)
            RETURNING id, run_id");
        $tf->sql("INSERT INTO task_items (run_id, kind, item_type, item_key,
            item_name, state, completed_at)
            VALUES ($run->{id}, 'sync_accounts', 'instance', '1', 'one',
                    '$state', $done)");
        return $run->{run_id};
    },
);

# An instance with an account that changed.

$fixture{accounts} = sub {
    my $instance = $fixture{instances}->();
    my $id = $tf->row("INSERT INTO accounts (instance_id, principal, username,
        kind) VALUES ($instance, 'made', 'made', 'user') RETURNING id")->{id};
    my $version = $tf->row("INSERT INTO account_versions (account_id, snapshot,
        facts, fingerprint, observed) VALUES ($id,
        '{\"version\":4,\"categories\":{},\"type_specific\":{},\"extra\":{},
          \"errors\":[],\"meta\":{}}', '{}', '\\x00', tstzrange(now(), NULL))
        RETURNING id")->{id};
    $tf->sql("UPDATE accounts SET version_id = $version WHERE id = $id");
    return $id;
};

$fixture{'account-change-logs'} = sub {
    my $account = $fixture{accounts}->();
    return $tf->row("INSERT INTO account_changes (account_id, instance_id,
        db_type, username, change_type)
        SELECT id, instance_id, 'postgresql', username, 'add' FROM accounts
        WHERE id = $account RETURNING id")->{id};
};

# A database with a size and a table.

$fixture{databases} = sub {
    my $instance = $fixture{instances}->();
    my $id = $tf->row("INSERT INTO databases (instance_id, native_id, name,
        size_bytes, data_bytes, sized_at)
        VALUES ($instance, '16384', 'app', 1000, 1000, now())
        RETURNING id")->{id};
    $tf->sql("INSERT INTO database_sizes (database_id, instance_id, day,
        size_bytes) VALUES ($id, $instance, current_date, 1000);
        INSERT INTO table_sizes (database_id, schema_name, table_name,
        size_bytes) VALUES ($id, 'public', 't', 1000)");
    return $id;
};

$fixture{classifications} = sub {
    return made('/accounts/classifications',
                { display_name => 'Class ' . ++$serial }, 'classification');
};

# A database that was read, and its month.

$fixture{capacity} = sub {
    my $instance = $fixture{instances}->();
    $tf->sql("WITH d AS (
            INSERT INTO databases (instance_id, name)
            VALUES ($instance, 'made') RETURNING id
        ), s AS (
            INSERT INTO database_sizes (database_id, instance_id, day,
                                        size_bytes)
            SELECT id, $instance, capacity_day(), 5000000 FROM d
        ), i AS (
            INSERT INTO instance_sizes (instance_id, day, size_bytes,
                                        database_count, is_complete)
            VALUES ($instance, capacity_day(), 5000000, 1, true)
        ), g AS (
            INSERT INTO instance_growth (instance_id, day, size_bytes, points,
                                         days, bytes_per_day)
            VALUES ($instance, capacity_day(), 5000000, 30, 30, 1000.5)
        ), a AS (
            INSERT INTO instance_size_aggregations (instance_id, period_type,
                period_start, period_end, data_count, is_complete, avg_bytes,
                max_bytes, min_bytes, database_count, avg_database_count,
                max_database_count, min_database_count, before_bytes)
            SELECT $instance, 'monthly', p.first, p.last, 1, true, 5000000,
                   5000000, 5000000, 1, 1, 1, 1, 4000000
            FROM capacity_period('monthly', capacity_day()) p
        )
        INSERT INTO database_size_aggregations (database_id, instance_id,
            period_type, period_start, period_end, data_count, avg_bytes,
            max_bytes, min_bytes, before_bytes)
        SELECT d.id, $instance, 'monthly', p.first, p.last, 1, 5000000,
               5000000, 5000000, 4000000
        FROM d, capacity_period('monthly', capacity_day()) p");
};

sub rule {
    my $n = ++$serial;
    return { rule_name => "rule $n", db_type => 'postgresql',
             classification_id => $fixture{classifications}->(),
             rule_text => "ROLE 'role$n'" };
}

$fixture{rules} = sub {
    return $admin->post('/accounts/classifications/rules', rule())
        ->data->{rule_id};
};

$fixture{assignments} = sub {
    my $account = $fixture{accounts}->();
    my $rule = $fixture{rules}->();
    return $tf->row("INSERT INTO account_class_assignments (account_id,
        rule_id, classification_id, instance_id)
        SELECT a.id, r.id, r.classification_id, a.instance_id
        FROM accounts a, classification_rules r
        WHERE a.id = $account AND r.id = $rule RETURNING id")->{id};
};

# An event that nginx wrote by itself.

$fixture{logs} = sub {
    TaiFish::Server::until_true(20, sub {
        $tf->value("SELECT count(*) FROM app_logs WHERE module = 'nginx'");
    });
    return $tf->value('SELECT max(id) FROM app_logs');
};

# The first row is that of the schema.

$fixture{audit} = sub { return 1 };

$fixture{$_} = $fixture{accounts} for qw(ledgers account);
$fixture{$_} = $fixture{instances} for qw(instance);

sub made {
    my ($path, $body, $key) = @_;
    my $r = $admin->post($path, $body);
    my $data = $r->data or die "$path: " . $r->as_string;
    $data = $data->{$key} || $data if $key;
    return $data->{id} || die "$path: " . $r->as_string;
}


# What an operation is told, where the document is not enough.

my %body = (
    'POST /auth/login' => sub {
        { username => 'viewer', password => $TaiFish::PASSWORD } },
    'POST /auth/change-password' => sub {
        { old_password => $TaiFish::PASSWORD, new_password => 'Other-Cow-88',
          confirm_password => 'Other-Cow-88' } },
    'POST /credentials' => sub {
        { name => 'credential' . ++$serial, credential_type => 'database',
          db_type => 'mysql', username => 'monitor',
          password => 'Monitor-pass-1' } },
    'PUT /credentials/{id}' => sub {
        { name => 'credential' . ++$serial, credential_type => 'database',
          db_type => 'mysql', username => 'monitor' } },
    'PUT /instances/{id}' => sub {
        { name => 'instance' . ++$serial, db_type => 'postgresql',
          host => 'other.example', port => 5433,
          credential_id => $fixture{credentials}->() } },
    'PUT /scheduler/jobs/{job_id}' => sub {
        { trigger_type => 'cron', cron_expression => '15 30 2 * * MON' } },
    'POST /scheduler/jobs/actions/preview' => sub {
        { cron_expression => '0 1 * * *', timezone => 'UTC' } },
    'POST /instances/actions/test-connection' => sub {
        { instance_id => $fixture{instances}->() } },
    'POST /partitions' => sub { { date => '2035-02-03' } },
    'POST /accounts/classifications/rules' => \&rule,
    'PUT /accounts/classifications/rules/{id}' => sub {
        { rule_name => 'rule ' . ++$serial } },
    'POST /accounts/classifications/rules/actions/validate-expression' => sub {
        { rule_text => 'SUPERUSER' } },
    'POST /accounts/classifications/rules/actions/preview' => sub {
        { rule_text => 'SUPERUSER', db_type => 'postgresql' } },
);

# A body that is no JSON: its text and type.

my %file = (
    'POST /instances/actions/batch-create' => sub {
        my $n = ++$serial;
        return ("name,db_type,host,port\nfile$n,mysql,file$n.example,3306\n",
                'text/csv');
    },
);

# Who calls, where it must not be the administrator of all other calls.

my %caller = (
    'POST /auth/login' => sub { $tf->client },
    'POST /auth/logout' => sub { $tf->as('viewer') },
    'POST /auth/change-password' => sub { $tf->as('auditor') },
);

# The resource a name in a path or body stands for: instance_ids, {id}.

sub object {
    my ($name, $path) = @_;
    my ($before) = $path =~ m{([\w-]+)/\{$name\}};
    my ($stem) = $name =~ /^(.+?)_ids?$/;

    return 'postgresql' if $name eq 'db_type';

    if ($name =~ /^(?:run_id|session_id)$/) {
        return $fixture{run}->($path =~ /cancel/ ? 'running' : 'completed');
    }

    for my $resource (grep { defined } $before, $stem && "${stem}s") {
        return $fixture{$resource}->() if $fixture{$resource};
    }
    return undef;
}

sub short { $_[0]{path} =~ s{^/api/v1}{}r }
sub name  { "$_[0]{method} " . short($_[0]) }

sub path {
    my ($op, %over) = @_;
    my $path = $op->{path};

    # a token of one of several users

    if ($path =~ /\{token_id\}/ && !exists $over{id}
        && !exists $over{token_id})
    {
        %over = (id => $tf->value("SELECT id FROM users
                                   WHERE username = 'admin'"),
                 token_id => $fixture{tokens}->());
    }

    $path =~ s/\{(\w+)\}/$over{$1} \/\/ object($1, $op->{path})
        \/\/ die "no fixture for $1 of $op->{path}\n"/ge;
    return $path;
}

sub example {
    my ($name, $schema, $path) = @_;
    my ($type) = grep { $_ ne 'null' } ref $schema->{type}
        ? @{ $schema->{type} } : $schema->{type} // 'any';

    return (grep { defined } @{ $schema->{enum} })[0] if $schema->{enum};

    if ($name =~ /_ids?$/ && $type =~ /^(?:integer|array)$/) {
        my $id = object($name, $path);
        return $type eq 'array' ? [$id] : $id if defined $id;
    }

    return $schema->{minimum} // 1 if $type eq 'integer';
    return JSON::PP::true if $type eq 'boolean';
    return [example($name, $schema->{items}, $path)] if $type eq 'array';
    return {} unless $type eq 'string';

    my $format = $schema->{format} // '';
    return 'Good-Horse-77' if $format eq 'password';
    return '2026-01-02' if $format eq 'date';
    return '2026-01-02T03:04:05Z' if $format eq 'date-time';
    return '00000000-0000-4000-8000-000000000000' if $format eq 'uuid';
    return 'db.example' if $name eq 'host';
    return 'postgresql' if $name eq 'db_type';
    return 'instance:' . $fixture{instances}->() if $name eq 'account_scope';

    my $n = ++$serial;
    for my $try ("made$n", "Made_$n", $n, "0 1 * * *") {
        next if $schema->{pattern} && $try !~ /$schema->{pattern}/;
        return $try if length $try >= ($schema->{minLength} // 0);
    }
    return 'x' x ($schema->{minLength} // 1);
}

sub body {
    my ($op) = @_;
    my $schema = $op->{body} or return undef;

    return $body{ name($op) }->() if $body{ name($op) };
    return { map { $_ => example($_, $schema->{properties}{$_}, $op->{path}) }
             @{ $schema->{required} || [] } };
}

sub call {
    my ($op, %opt) = @_;
    my $client = $caller{ name($op) } ? $caller{ name($op) }->() : $admin;
    my $query = $opt{query} // '';

    for my $need (grep { $query !~ /[?&]$_=/ } @{ $op->{needs} }) {
        $query .= ($query eq '' ? '?' : '&') . "$need="
            . encode(example($need, $op->{query}{$need}, $op->{path}));
    }

    if ($file{ name($op) } && !exists $opt{body}) {
        my $type;
        ($opt{body}, $type) = $file{ name($op) }->();
        $opt{headers} = { 'content-type' => $type };
    }

    return $client->request($op->{method}, ($opt{path} // path($op)) . $query,
        exists $opt{body} ? $opt{body} : body($op), $opt{headers});
}

sub encode {
    my ($value) = @_;
    $value = join ',', @$value if ref $value eq 'ARRAY';
    $value = $value ? 'true' : 'false' if JSON::PP::is_bool($value);
    $value =~ s/([^\w.~-])/sprintf '%%%02X', ord $1/ge;
    return $value;
}

sub good {
    my ($op, $r, $name) = @_;
    my $documented = $doc->resolve($op->{responses}{ $r->status });

    if ($r->status !~ /^2/ || !$documented) {
        fail "$name: " . $r->as_string;
        return;
    }

    my ($type) = grep { index($r->header('content-type') // '', $_) == 0 }
        sort keys %{ $documented->{content} };
    $type //= (sort keys %{ $documented->{content} })[0];
    my $schema = $documented->{content}{$type}{schema};

    if ($type ne 'application/json') {
        like $r->header('content-type'), qr/^\Q$type\E/, "$name: $type";
        return;
    }

    my @wrong = $doc->check($schema, $r->json);
    is "@wrong[0 .. ($#wrong > 4 ? 4 : $#wrong)]", '', $name
        or diag $r->as_string;
}

sub bad {
    my ($op, $r, $status, $code, $field, $name) = @_;

    is $r->status . ' ' . ($r->code // ''), "$status $code", $name
        or diag $r->as_string;
    is $r->json->{extra}{field}, $field, "$name: field" if defined $field;

    my $documented = $op->{responses}{ $r->status } or do {
        fail "$name: " . $r->status . ' is not documented';
        return;
    };
    ok grep({ $_ eq $r->code } @{ $documented->{'x-codes'} }),
        "$name: the code is documented";
    my @wrong = $doc->check($doc->{doc}{components}{schemas}{Failure},
                            $r->json);
    is "@wrong", '', "$name: an error as documented";
}


sub good_calls {
    my ($op) = @_;

    good($op, call($op), name($op));

    # where a page goes on is said by the page before, if it is not the last

    my $first = $op->{query}{after}
        && call($op, query => '?limit=1')->data->{next};
    good($op, call($op, query => "?limit=1&after=$first"), name($op)
        . '?after=') if $first;

    for my $param (grep { $_ ne 'after' } sort keys %{ $op->{query} }) {
        my $schema = $op->{query}{$param};
        my @values = $schema->{enum} ? @{ $schema->{enum} }
            : example($param, $schema, $op->{path});

        for my $value (@values) {
            for my $order ($param eq 'sort' ? qw(asc desc) : '') {
                my $query = "?$param=" . encode($value)
                    . ($order && "&order=$order");
                good($op, call($op, query => $query), name($op) . $query);
            }
        }
    }
}

sub bad_values {
    my ($schema) = @_;
    my ($type) = grep { $_ ne 'null' } ref $schema->{type}
        ? @{ $schema->{type} } : $schema->{type} // 'any';
    my $format = $schema->{format} // '';

    return if $type eq 'any';
    return 'no_such_value' if $schema->{enum};
    return ('x', '1.5') if $schema->{'x-clamped'};
    return ('x', '1.5', '99999999999999999999',
            defined $schema->{minimum} ? $schema->{minimum} - 1 : (),
            defined $schema->{maximum} ? $schema->{maximum} + 1 : ())
        if $type eq 'integer';
    return 'maybe' if $type eq 'boolean';
    return ($schema->{items}{type} // '') eq 'integer' ? 'x,y' : ()
        if $type eq 'array';
    return 'x' if $format =~ /^(?:uuid|date|date-time)$/;
    return 'x' x ($schema->{maxLength} + 1)
        if $schema->{maxLength} && $schema->{maxLength} < 5000;
    return;
}

sub bad_calls {
    my ($op) = @_;
    my $name = name($op);

    for my $param (sort keys %{ $op->{query} }) {
        for my $value (bad_values($op->{query}{$param})) {
            bad($op, call($op, query => "?$param=" . encode($value)), 400,
                'VALIDATION_ERROR', $param,
                "$name?$param=" . substr $value, 0, 30);
        }
    }

    for my $param (sort keys %{ $op->{params} }) {
        next if ($op->{params}{$param}{type} // '') eq 'string'
            && !$op->{params}{$param}{format};
        my $r = call($op, path => path($op, $param => 'x'));
        is $r->status . ' ' . $r->code, '404 RESOURCE_NOT_FOUND',
            "$name: $param is x";
    }

    if ($op->{body}) {
        bad_bodies($op);
        hostile_bodies($op);
    }
}

# Whatever a field is given, it is taken or refused by its parameter: no value
# reaches a constraint of the schema or makes an error of ours.

sub hostile_bodies {
    my ($op) = @_;
    my $name = name($op);
    my $path = path($op);
    my @values = (undef, '', ' ', -1, 0, 1.5, 1e15, '99999999999999999999',
                  'x' x 5000, "a\0b", "\x{1f420}" x 300, [], [undef], [{}],
                  [[]], {}, JSON::PP::true, [-1], ['']);
    my @bad;

    for my $field (sort keys %{ $op->{body}{properties} }) {
        for my $value (@values) {
            my $r = call($op, path => $path,
                body => { %{ body($op) }, $field => $value });
            my $said = TaiFish::Schema::text($value);
            push @bad, "$field: " . substr($said, 0, 30) . ': '
                . substr $r->as_string, 0, 300
                if $r->status >= 500
                || ($r->code // '') eq 'CONSTRAINT_VIOLATION'
                || ($r->code // '') eq 'VALIDATION_ERROR'
                   && !length($r->json->{extra}{field} // '');
        }
    }
    is "@bad", '', "$name: no value passes its parameter";
}

sub bad_bodies {
    my ($op) = @_;
    my $name = name($op);
    my $path = path($op);
    my $schema = $op->{body};
    my $try = sub {
        my ($body, $headers) = @_;
        return call($op, path => $path, body => $body, headers => $headers);
    };

    bad($op, $try->('{"a":'), 400, 'INVALID_REQUEST', undef, "$name: no JSON");
    bad($op, $try->('{} {}'), 400, 'INVALID_REQUEST', undef, "$name: two");
    bad($op, $try->('[1]'), 400, 'INVALID_REQUEST', undef, "$name: a list");
    bad($op, $try->('{"a":1,"a":2}'), 400, 'INVALID_REQUEST', undef,
        "$name: a name twice");
    bad($op, $try->("{\"a\":\"\xff\"}"), 400, 'INVALID_REQUEST', undef,
        "$name: not UTF-8");
    bad($op, $try->('[' x 100), 400, 'INVALID_REQUEST', undef, "$name: deep");
    bad($op, $try->('{}', { 'content-type' => 'text/plain' }), 415,
        'UNSUPPORTED_MEDIA_TYPE', undef, "$name: text/plain");

    for my $missing (@{ $schema->{required} || [] }) {
        my $body = body($op);
        delete $body->{$missing};
        bad($op, $try->($body), 400, 'VALIDATION_ERROR', $missing,
            "$name: without $missing");
        bad($op, $try->({ %$body, $missing => undef }), 400,
            'VALIDATION_ERROR', $missing, "$name: $missing is null");
    }

    for my $field (sort keys %{ $schema->{properties} }) {
        my $of = $schema->{properties}{$field};
        my $body = body($op);

        for my $value ($of->{type} ? { a => 1 } : (), bad_values($of)) {
            bad($op, $try->({ %$body, $field => $value }), 400,
                'VALIDATION_ERROR', $field, "$name: $field is "
                    . substr TaiFish::Schema::text($value), 0, 30);
        }
    }
}


my @operations = grep { !$ENV{ONLY} || name($_) =~ /$ENV{ONLY}/ }
    $doc->operations;

# Lists have something to show.

$fixture{$_}->() for qw(account-change-logs capacity capacity
                         tags users);

for my $op (@operations) {
    subtest name($op) => sub {
        good_calls($op);
        bad_calls($op);
        ok 1;
    };
}

done_testing;
