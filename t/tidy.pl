#!/usr/bin/perl

# make tidy: the rules of CONTRIBUTING.md and of docs/architecture.md that a
# program can check.  Silent when all is well.  The argument is the build
# directory; what needs a build is checked only when there is one.

use strict;
use warnings;
use utf8;

use open ':std', ':encoding(UTF-8)';

require './t/cycles.pl';

my $build = shift // 'build';

# Where a rule does not apply: path, rule, what the line says, and why.  Keep
# this short.

my @exempt = (
    [ 'src/core/tf_crypto.c', 'secret',
      qr/"\$argon2id\$"|TF_VERSION|kid,|\(text, token/,
      'a prefix, a version, a key\'s name and a spelling: no secret' ],
    [ 'src/feature/auth/tf_auth.c', 'secret', qr/"tf_"/,
      'the prefix all tokens share' ],
    [ 'src/feature/auth/ngx_tf_cookie.c', 'secret', qr/ngx_strncmp/,
      'names of headers and cookies' ],
);

# Layers that are not yet one above the other, and functions that are not yet in
# the file of their name: files that others have to move.  Only to shrink.

my @layer_exempt = (
    [ qr{/engine/tfw_engine\.h$}, qr/^tf_account\.h$/ ],
);

my @home_exempt = (
    qr{^src/core/tf_(?:crypto|engine|error|json_read|json_write|target)\.c$},
    qr{^src/feature/(?:accounts|classification|instances)/tfw?_},
    qr{^src/worker/},
);

my @complaints;

sub say_no {
    my ($path, $line, $rule, $text) = @_;
    for my $e (@exempt) {
        return if $e->[0] eq $path && $e->[1] eq $rule
            && line_of($path, $line) =~ $e->[2];
    }
    push @complaints, $path . ($line ? ":$line" : '') . ": $text";
}

sub line_of {
    my ($path, $line) = @_;
    return (split /\n/, slurp($path))[$line - 1] // '';
}

sub slurp {
    my ($path) = @_;
    open my $in, '<', $path or die "$path: $!\n";
    local $/;
    return <$in> // '';
}

# C without comments and literals, every line where it was.

sub bare {
    my ($text) = @_;
    $text =~ s{(/\*.*?\*/)|("(?:[^"\\\n]|\\.)*")|('(?:[^'\\\n]|\\.)*')}
              {defined $1 ? $1 =~ s/[^\n]//gr : defined $2 ? '""' : "' '"}gse;
    return $text;
}

my @files = grep { -f && !m{^web/|^build/|^node_modules/} }
    split /\0/, `git ls-files -z -co --exclude-standard`;
my @source = grep { m{^src/|^[^/]+\.c$} } @files;
my @c = grep { /\.[ch]$/ } @files;


# Every text: no tabs, no space at an end, 80 columns in code, no promises.

for my $path (grep { /\.(?:c|h|sql|pl|pm|t|sh|conf|md|yml|map)$|Makefile$/ }
              @files)
{
    my $n = 0;
    my $code = $path =~ /\.(?:c|h|pl|pm|t|sh)$/;
    my $make = $path =~ /Makefile$/;

    for my $line (split /\n/, slurp($path), -1) {
        $n++;
        say_no($path, $n, 'tab', 'a tab') if !$make && $line =~ /\t/;
        say_no($path, $n, 'space', 'space at the end of the line')
            if $line =~ /[ \t]$/;
        say_no($path, $n, 'width', length($line) . ' columns')
            if $code && length $line > 80;
        say_no($path, $n, 'promise', 'a promise instead of the thing')
            if $line =~ /\b(?:TO[D]O|FIX[M]E|XX[X])\b/;
    }

    say_no($path, $n, 'length', "$n lines; at most 1200")
        if $code && $n > 1200 + 1;
}

# A list of failed tests shows a name without the one before it.  Files whose
# names stand alone: only to grow.

my $standing = qr{^t/(?:10sql|20|50|60worker-(?:cron|fence|kill|kinds|lost
    |queue))[^/]*\.t$}x;

for my $path (grep /$standing/, @files) {
    my $n = 0;
    for my $line (split /\n/, slurp($path)) {
        $n++;
        say_no($path, $n, 'test', 'a name that needs the test before it')
            if $line =~ /(?<!\w)["'](?:and|but|nor|or|so|then|which) /;
    }
}

for my $path (@files) {
    say_no($path, 0, 'name', 'a name that says nothing')
        if $path =~ m{(?:^|[/_.-])(?:utils?|common|misc|helpers?)(?:[/_.-]|$)};
}


# Names are unique: nginx names an object by the last folder and the file.

my %seen;

for my $path (@source) {
    my ($name) = $path =~ m{([^/]+)$};
    say_no($path, 0, 'unique', "named like $seen{$name}") if $seen{$name};
    $seen{$name} = $path;
}


# Layers.

my $alloc = qr/(?<![\w.>])(?:malloc|calloc|realloc|free|strdup)\s*\(/;
my $print = qr/(?<![\w.>])v?f?(?:printf|puts|putchar|perror)\s*\(/;

my @layers = (
    [ qr{/tf_[^/]*$}, 'layer', qr/\bngx_\w+/, 'is of nginx' ],
    [ qr{/tf_[^/]*$}, 'layer', qr/\btfw_\w+/, 'is of the worker' ],
    [ qr{/tf_[^/]*$}, 'allocator', $alloc, 'memory is an argument' ],
    [ qr{/tf_[^/]*$}, 'clock', qr/(?<![\w.>])(?:time|clock_gettime|getenv
        |gettimeofday)\s*\(/x, 'time and settings are arguments' ],
    [ qr{/tf_[^/]*$}, 'output', $print, 'tf_ does no I/O' ],
    [ qr{/tf_[^/]*$}, 'layer', qr/\bPQ(?:exec|send)\w*/, 'tf_ does no I/O' ],
    [ qr{/tf_[^/]*$}, 'state', qr/^[ ]*static[ ](?!const\b|inline\b)
        [\w\s*]*\b\w+(?:\[[^\]]*\])*\s*(?:=|;)/x, 'a static that changes' ],
    [ qr{/ngx_tf_[^/]*$}, 'blocks', qr/\bPQ(?:exec\w*|connectdb\w*|reset
        |setdb\w*|prepare|cancel|ping\w*|getCopyData)\s*\(/x, 'blocks' ],
    [ qr{/ngx_tf_[^/]*$}, 'blocks', qr/(?<![\w.>])(?:u?sleep|nanosleep
        |getaddrinfo|gethostbyname)\s*\(/x, 'blocks' ],
    [ qr{/ngx_tf_[^/]*$}, 'allocator', $alloc, 'use ngx_alloc' ],
    [ qr{/ngx_tf_[^/]*$}, 'layer', qr/\bpthread_\w+/, 'use ngx_thread_pool' ],
    [ qr{/ngx_tf_[^/]*$}, 'layer', qr/\btfw_\w+/, 'is of the worker' ],
    [ qr{/tfw_[^/]*$}, 'layer', qr/\bngx_\w+/, 'is of nginx' ],
);

# What a managed server sent is taken from a result in one place per library,
# which checks it.

my $server_value = qr/\b(PQgetvalue|mysql_fetch_row|SQLGetData)\s*\(/;

my $banned = qr/(?<![\w.>])((?:str|wcs)(?:cpy|cat|tok)|v?sprintf|gmtime
    |localtime|ctime|asctime|gets|atoi|atol|atoll|atof|system|popen|tmpnam
    |mktemp|exec(?:l|lp|le|v|vp|vpe|ve)|fexecve|posix_spawnp?|rand|srand
    |PQfn|lo_\w+|alloca)\s*\(/x;

my $compare = qr/(?<![\w.>])((?:ngx_)?(?:mem|str|strn|strcase)cmp)\s*\(/;
my $auth = qr{/auth/|session|csrf|cookie|tf_crypto|token|login};

my (%defined_in, %headers);

for my $path (@c) {
    my $text = slurp($path);
    my $bare = bare($text);
    my $n = 0;

    $headers{$path} = $bare if $path =~ /\.h$/;

    for my $line (split /\n/, $bare) {
        $n++;

        for my $layer (@layers) {
            my ($where, $rule, $what, $why) = @$layer;
            next unless $path =~ m{^src/} && $path =~ $where;
            say_no($path, $n, $rule, ($& =~ s/\s+$//r) . ": $why")
                if $line =~ $what;
        }

        say_no($path, $n, 'banned', "$1() is banned") if $line =~ $banned;
        say_no($path, $n, 'secret', "$1() takes longer for a better guess")
            if $path =~ m{^src/} && $path =~ $auth && $line =~ $compare;
    }

    # one feature uses another by its tf_*.h only

    if (my ($feature) = $path =~ m{^src/feature/([^/]+)/}) {
        while ($text =~ /^#include "([^"]+)"/mg) {
            my $name = $1;
            my $other = $seen{$name} or next;
            my ($theirs) = $other =~ m{^src/feature/([^/]+)/} or next;
            say_no($path, 0, 'feature', "includes $name of feature $theirs")
                if $theirs ne $feature && $name !~ /^tf_/;
        }
    }

    # nginx decides which of the system's interfaces are seen (_GNU_SOURCE),
    # and what the system's headers saw first stays so

    say_no($path, 0, 'nginx', "includes <$1> before nginx's headers")
        if $path =~ m{/ngx_tf_[^/]*$} && $text =~ /^#include ([<"].*)/m
           && $1 =~ /^<(?!ngx_config)(.*)>/;

    say_no($path, 0, 'server', "takes a server's value in a second place: $1()")
        if $path =~ m{^src/worker/engine/}
           && (() = $bare =~ /$server_value/g)
              > ($path =~ m{/tfw_(?:pgsql|mysql|odbc)\.c$})
           && $bare =~ $server_value;

    functions($path, $bare) if $path =~ /\.c$/;
}

# Functions are found by nginx's layout: the name at the start of a line, the
# braces too.

sub functions {
    my ($path, $bare) = @_;
    my @lines = split /\n/, $bare;

    for (my $i = 0; $i < @lines; $i++) {
        next unless $lines[$i] =~ /^(\w+)\((?!.*;\s*$)/;
        my ($name, $start) = ($1, $i);

        my $head = '';
        while ($i < @lines && $lines[$i] !~ /^\{/) {
            $head .= " $lines[$i++]";
            last if $head =~ /;\s*$/;
        }
        next if $head =~ /;\s*$/ || $i >= @lines;

        my $type = $start ? $lines[$start - 1] : '';
        my $open = $i;
        $i++ while $i < @lines && $lines[$i] !~ /^\}/;

        my $length = $i - $open - 1;
        say_no($path, $start + 1, 'function',
            "$name() has $length lines; at most 70")
            if $length > 70 && $path !~ m{^t/};

        my ($params) = $head =~ /\((.*)\)/s;
        1 while $params =~ s/\([^()]*\)//g;
        my $count = 1 + ($params =~ tr/,//);
        say_no($path, $start + 1, 'function',
            "$name() has $count parameters; at most 6") if $count > 6;

        $defined_in{$name} = [$path, $start + 1]
            if $path =~ m{^src/|^[^/]+$} && $type !~ /\bstatic\b/
               && $name ne 'main';
    }
}

# A function lives in the file that its name says, and is declared in the header
# of that name.  A file without a header of its own has that of the name it
# begins with.

sub stem {
    my ($path) = @_;
    return ($path =~ m{([^/]+)\.[ch]$})[0];
}

my %sources = map { stem($_) => $_ } grep { m{^src/.*\.c$} } @source;
my %by_stem = map { stem($_) => $headers{$_} } grep { m{^src/} } keys %headers;

sub longest {
    my ($name, $stems) = @_;
    my @fits = grep { $name =~ /^\Q$_\E(?:_|$)/ } keys %$stems;
    return (sort { length $b <=> length $a } @fits)[0] // '';
}

for my $name (sort keys %defined_in) {
    my ($path, $line) = @{ $defined_in{$name} };
    next if $path !~ m{^src/} || grep { $path =~ $_ } @home_exempt;

    my $stem = stem($path);
    my $home = longest($name, \%sources);
    my $header = longest($stem, \%by_stem);

    if ($home ne $stem) {
        say_no($path, $line, 'home', "$name() belongs into "
            . ($home ? "$home.c" : 'a file of its name'));
    }
    say_no($path, $line, 'declared',
        "$name() is neither static nor in " . ($header || $stem) . '.h')
        unless $header && $by_stem{$header} =~ /\b\Q$name\E\s*\(/;
}


# Layers point one way: what the files of a folder may include.  A file of a
# feature is of the side its prefix names.

my %may = (
    core    => [qw(core)],
    rules   => [qw(core rules)],
    pg      => [qw(core pg)],
    redis   => [qw(core redis)],
    request => [qw(core pg redis request)],
    routes  => [qw(core rules pg redis request routes)],
    module  => [qw(core rules pg redis request routes module)],
    engine  => [qw(core engine)],
    worker  => [qw(core engine worker)],
    jobs    => [qw(core rules engine worker jobs)],
    program => [qw(core rules engine worker jobs program)],
);

sub layer {
    my ($path) = @_;
    return $path =~ m{^src/core/} ? 'core'
        : $path =~ m{^src/ngx/(pg|redis|request)/} ? $1
        : $path =~ m{^src/ngx/|^ngx_\w+\.c$} ? 'module'
        : $path =~ m{^src/worker/engine/} ? 'engine'
        : $path =~ m{^src/worker/tfw_(?:main|job_kinds)\.} ? 'program'
        : $path =~ m{^src/worker/} ? 'worker'
        : $path =~ m{^src/feature/[^/]+/tf_} ? 'rules'
        : $path =~ m{^src/feature/[^/]+/ngx_tf_} ? 'routes'
        : $path =~ m{^src/feature/[^/]+/tfw_} ? 'jobs' : '';
}

for my $path (grep { /\.[ch]$/ } @source) {
    my $layer = layer($path) or next;
    my $text = slurp($path);

    while ($text =~ /^#include "([^"]+)"/mg) {
        my $file = $1;
        my $theirs = layer($seen{$file} or next);

        # sockets in nginx's event loop are the one thing redis shares with pg
        next if $layer eq 'redis' && $file eq 'ngx_tf_fd.h';

        next if grep { $_ eq $theirs } @{ $may{$layer} };
        next if grep { $path =~ $_->[0] && $file =~ $_->[1] } @layer_exempt;
        say_no($path, 0, 'layer', "$layer includes $file of $theirs");
    }

    if ($layer eq 'routes' && bare($text) =~ /(?:->|\.)in(?:\.|->)/) {
        say_no($path, 0, 'layer', 'op->in belongs to src/ngx/request/');
    }
}


# No circle among the objects of the module, nor among those of the worker; and
# none by includes, where a .c, its header and its _int header are one.

for my $objects ([glob "$build/nginx/objs/addon/*/*.o"],
                 [grep { -e } map { "$build/o/$_" }
                      map { s/\.c$/.o/r } grep { /\.c$/ } @source])
{
    next unless @$objects;
    my ($where) = $objects->[0] =~ m{^(\Q$build\E/\w+)};

    say_no($where, 0, 'circle', "objects need each other: $_")
        for circles(object_needs(@$objects));
}

my %includes;

for my $path (grep { m{^src/.*\.[ch]$} } @source) {
    my $one = stem($path) =~ s/_int$//r;

    for my $other (slurp($path) =~ /^#include "(\w+)\.h"/mg) {
        next unless $seen{"$other.h"};
        $other =~ s/_int$//;
        $includes{$one}{$other} = 1 if $other ne $one;
    }
}

say_no('src', 0, 'circle', "files include each other: $_")
    for circles(\%includes);


# Headers: guarded, and compiling alone.

for my $path (sort grep { m{^src/} } keys %headers) {
    my $guard = '_' . uc(($path =~ m{([^/]+)\.h$})[0]) . '_H_INCLUDED_';
    say_no($path, 0, 'guard', "the guard is $guard")
        unless $headers{$path}
            =~ /#ifndef \Q$guard\E\n#define \Q$guard\E\n.*#endif\s*\z/s;
}

compile_headers() if -e "$build/tf_sql_list.h"
    && -e "$build/nginx/objs/ngx_auto_config.h";

sub compile_headers {
    my $src = "$build/nginx/src";
    my @inc = split ' ', $ENV{INCLUDES}
        || '-Isrc/core -Isrc/ngx -Isrc/ngx/pg -Isrc/ngx/redis '
           . '-Isrc/ngx/request -Isrc/worker -Isrc/worker/engine '
           . join ' ', map { "-I$_" } glob('src/feature/*'), $build,
             `pg_config --includedir` =~ s/\s+$//r;

    push @inc, map { "-I$_" } "$build/nginx/objs", "$src/core", "$src/event",
        "$src/event/modules", "$src/os/unix", "$src/http",
        "$src/http/modules", "$src/http/v2", "$src/http/v3",
        "$src/event/quic";
    my @paths = sort grep { m{^src/} } keys %headers;
    my @jobs;

    # two at a time

    while (@paths || @jobs) {
        while (@paths && @jobs < 2) {
            my $path = shift @paths;
            open my $out, '-|', 'cc', '-std=gnu11', '-D_GNU_SOURCE',
                '-fsyntax-only', '-Wall', '-Werror', '-Wno-pragmas', @inc,
                '-x', 'c', '-include', $path, '/dev/null'
                or die "cc: $!\n";
            push @jobs, [$path, $out];
        }
        my ($path, $out) = @{ shift @jobs };
        my @said = <$out>;
        say_no($path, 0, 'alone', 'does not compile alone')
            unless close $out;
    }
}


# What a directive or setting is called stands in the manual, and every
# directive is shown in conf/.

my $settings = -e 'docs/settings.md' ? slurp('docs/settings.md') : '';
my $conf = join "\n", map { slurp($_) } glob 'conf/*.conf';

if (-e 'ngx_taifish_module.c') {
    my $module = slurp('ngx_taifish_module.c');

    while ($module =~ /\{ ngx_string\("(taifish\w*)"\),/g) {
        my $name = $1;
        say_no('docs/settings.md', 0, 'settings', "$name is not explained")
            unless $settings =~ /`\Q$name\E\b/;
        say_no('conf', 0, 'settings', "$name is not shown")
            unless $conf =~ /^\s*#?\Q$name\E\s/m;
    }
}

for my $path (grep { m{/(?:tfw_conf|ngx_tf_conf)\.c$} } @c) {
    my %names = map { $_ => 1 } slurp($path)
        =~ /"((?:TAIFISH_\w+|\w+_URL))"/g;
    for my $name (sort keys %names) {
        say_no('docs/settings.md', 0, 'settings', "$name is not explained")
            unless $settings =~ /`\Q$name\E\b/;
    }
}


# What was built calls nothing that runs a program.

for my $path (grep { -e } "$build/taifish-worker",
              "$build/ngx_taifish_module.so")
{
    for my $line (`nm -D --undefined-only $path`) {
        say_no($path, 0, 'nm', "uses $1()") if $line =~
            / U (system|popen|exec\w+|posix_spawn\w*|PQfn|lo_\w+)(?:@|$)/;
    }
}


# And it is built to be hard to break into (docs/security.md, S37).

for my $path (grep { -e } "$build/taifish-worker",
              "$build/ngx_taifish_module.so")
{
    my $elf = `readelf -hldW $path; nm -D --undefined-only $path`;
    my %must = (
        'is not position independent' => qr/Type:\s+DYN\b/,
        'has no RELRO' => qr/GNU_RELRO/,
        'binds lazily' => qr/BIND_NOW/,
        'may run its stack' => qr/GNU_STACK(?:\s+0x\w+){5}\s+RW\s/,
        'has no stack protector' => qr/__stack_chk_fail/,
        'is built without _FORTIFY_SOURCE' => qr/__vsnprintf_chk/,
    );
    for my $what (sort keys %must) {
        say_no($path, 0, 'hardening', $what) if $elf !~ $must{$what};
    }
    say_no($path, 0, 'hardening', 'has text relocations or a run path')
        if $elf =~ /TEXTREL|R(?:UN)?PATH/;
}


print "$_\n" for @complaints;
exit(@complaints ? 1 : 0);
