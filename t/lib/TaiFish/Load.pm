package TaiFish::Load;

# Load on a running nginx by wrk, counted.
#
#     my $load = TaiFish::Load->start($tf, client => $admin, seconds => 5,
#                                     path => '/tags');
#     ... something happens ...
#     my $seen = $load->wait;
#
# Options: connections, 64; method and body, which may hold {n}, a number that
# no other request of the load has (a path may, too); preload, a library for
# wrk, see from_many; delay, milliseconds of each connection between two
# requests.  seen: status, a hash of counts; errors, a hash of socket errors by
# kind without those of value 0; requests; max, p50 and p99 in milliseconds;
# codes, counts of message_code in answers that are not 2xx.

use strict;
use warnings;
use utf8;

use JSON::PP ();

my $lua = <<'END';
local threads = {}
local number = 0

function setup(t)
    number = number + 1
    t:set("id", number)
    table.insert(threads, t)
end

function init(args)
    status, codes, n = {}, {}, 0
end

function request()
    n = n + 1
    local key = id .. "x" .. n
    local body = wrk.body
    if body then body = body:gsub("{n}", key) end
    return wrk.format(wrk.method, (wrk.path:gsub("{n}", key)), wrk.headers,
                      body)
end

function response(s, headers, body)
    status[s] = (status[s] or 0) + 1
    if s >= 300 then
        local code = body:match('"message_code":"([A-Z_]+)"') or "none"
        codes[code] = (codes[code] or 0) + 1
    end
end

local function sum(name)
    local all, text = {}, {}
    for _, t in ipairs(threads) do
        for k, v in pairs(t:get(name)) do all[k] = (all[k] or 0) + v end
    end
    for k, v in pairs(all) do
        table.insert(text, string.format('"%s":%d', k, v))
    end
    return "{" .. table.concat(text, ",") .. "}"
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format('\nSEEN {"requests":%d,"max":%f,"p50":%f,'
        .. '"p99":%f,'
        .. '"errors":{"connect":%d,"read":%d,"write":%d,"timeout":%d},',
        summary.requests, latency.max / 1000, latency:percentile(50) / 1000,
        latency:percentile(99) / 1000,
        e.connect, e.read, e.write, e.timeout))
    io.write('"status":' .. sum("status") .. ',"codes":' .. sum("codes")
             .. "}\n")
end
END

sub quote { $_[0] =~ s/([\\"])/\\$1/gr =~ s/\n/\\n/gr }

sub start {
    my ($class, $tf, %opt) = @_;
    our $count;
    my $name = 'load' . ++$count;
    my $script = $tf->dir . "/$name.lua";
    my $out = $tf->dir . "/$name.log";
    my $client = $opt{client};
    my %headers;

    if ($client) {
        $headers{'X-CSRFToken'} = $client->csrf if $opt{method};
        my $jar = $client->{cookies};
        $headers{Cookie} = join '; ', map { "$_=$jar->{$_}" } sort keys %$jar;
    }
    $headers{'Content-Type'} = 'application/json' if $opt{body};

    my $head = sprintf qq{wrk.method = "%s"\nwrk.path = "%s"\n},
        $opt{method} || 'GET', quote("/api/v1$opt{path}");
    $head .= sprintf qq{wrk.body = "%s"\n}, quote($opt{body}) if $opt{body};
    $head .= sprintf qq{wrk.headers["%s"] = "%s"\n}, $_, quote($headers{$_})
        for sort keys %headers;

    $head .= "function delay() return $opt{delay} end\n" if $opt{delay};

    TaiFish::spew($script, $head . $lua);

    my $pid = fork() // die "fork: $!";
    if (!$pid) {
        $ENV{LD_PRELOAD} = $opt{preload} if $opt{preload};
        open STDOUT, '>', $out or die $!;
        open STDERR, '>&', \*STDOUT;
        exec 'wrk', '-t1', '-c' . ($opt{connections} || 64),
            '-d' . $opt{seconds} . 's', '--timeout', '20s', '-s', $script,
            $tf->base or POSIX::_exit(127);
    }

    return bless { pid => $pid, out => $out }, $class;
}

# A library by which every connection has an address of its own, so that nginx
# may keep its limits per address.

sub from_many {
    my ($tf) = @_;
    my $library = $tf->dir . '/from_many.so';

    if (!-e $library) {
        system('cc', '-O1', '-fPIC', '-shared', '-o', $library,
            "$TaiFish::ROOT/t/lib/from_many.c", '-ldl') == 0
            or die "cc: $?";
    }

    return $library;
}

# Ends it before its time.

sub finish {
    my ($self) = @_;
    kill 'INT', $self->{pid};
    return $self->wait;
}

sub wait {
    my ($self) = @_;
    waitpid delete $self->{pid}, 0;
    my $text = TaiFish::slurp($self->{out});
    my ($seen) = $text =~ /^SEEN (.*)$/m or die "wrk failed: $text";

    $seen = JSON::PP::decode_json($seen);
    delete $seen->{errors}{$_}
        for grep { !$seen->{errors}{$_} } keys %{ $seen->{errors} };
    return $seen;
}

sub DESTROY {
    my ($self) = @_;
    kill 'KILL', $self->{pid} if $self->{pid};
}

1;
