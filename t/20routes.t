# What is wrong with a row of a route table stops "nginx -t": a module whose
# statements want other parameters than their rows have.

use lib 't/lib';
use TaiFish;

my $tf = TaiFish->new;
$tf->start_nginx;
$tf->stop_nginx;

my $dir = $tf->dir;
my $copy = "$dir/nginx";

system('cp', '-R', "$TaiFish::BUILD/nginx", $copy) == 0 or die;

my $make = TaiFish::slurp("$copy/objs/Makefile");
my $text = TaiFish::slurp("$TaiFish::BUILD/tf_sql_list.c");
$make =~ s{(?<=[\s=I])\.\./\.\./}{$TaiFish::ROOT/}g;     # of the copy
$make =~ s{\S+/tf_sql_list\.c}{$dir/tf_sql_list.c}g;

# what make would take for older than the copy
sub touch {
    system('find', "$copy/objs", '-name', '*.o', '-exec', 'touch', '{}', '+')
        == 0 or die;
}

# nginx -t with a module in which $was of the list of statements, or of another
# file, is $is

sub tested {
    my ($was, $is, $file) = @_;
    my $whole = $file ? TaiFish::slurp("$TaiFish::ROOT/$file") : $text;
    my $made = $make;

    (my $wrong = $whole) =~ s/$was/ref $is ? $is->() : $is/e
        or die "no $was";
    touch();
    sleep 1;
    TaiFish::spew("$dir/tf_sql_list.c", $file ? $text : $wrong);

    if ($file) {
        my ($name) = $file =~ m{([^/]+)$};
        TaiFish::spew("$dir/$name", $wrong);
        $made =~ s{\S+/\Q$name\E}{$dir/$name}g;
    }
    TaiFish::spew("$copy/objs/Makefile", $made);
    unlink "$copy/objs/addon/" . join('/', ($file =~ m{(\w+)/(\w+)\.c$}))
        . '.o' if $file;
    my $said = `MAKEFLAGS= make -s -C $copy -f objs/Makefile modules 2>&1`;
    die $said if $?;

    my $module = "$copy/objs/ngx_taifish_module.so";
    my $conf = $tf->nginx_conf;
    $conf =~ s{^load_module .*;$}{load_module $module;}m or die;
    TaiFish::spew("$dir/wrong.conf", $conf);
    $said = qx{$TaiFish::NGINX -t -p $dir/ -c wrong.conf -e wrong.log 2>&1};
    return ($? >> 8, $said);
}

# "name", the text over several lines, then its parameters

my $statement = sub { qr/(\{ "$_[0]",(?:(?!\n    \{ ").)*?)"$_[1]"/s };

for my $case (
    [ 'credentials_create', 'description', 'a row with next' ],
    [ 'login_store', '_life', 'another statement of a next' ],
    [ 'session_get', '_idle', 'what the identity hook sets' ])
{
    my ($name, $param, $what) = @$case;
    my $was = $statement->($name, $param);
    $text =~ $was or die "$name has no $param";
    my ($code, $said) = tested($was, "$1\"misspelt\"");

    is $code, 1, "$what: nginx does not start";
    like $said, qr/no parameter "misspelt" for statement $name\b/,
        "$what: and says why";
}

# What changes something has a row in the audit log, or nginx does not start.

for my $case (
    [ qr/(\{ "tags_categories",(?:(?!\n    \{ ").)*?, )0(, \d+ \},)/s,
      sub { "$1TF_SQL_WRITE$2" }, undef, 'a GET that writes',
      qr/writes and has no audit action/ ],
    [ qr/\n      \.audit = TF_AUDIT_TAG_CREATE,/, '',
      'src/feature/tags/ngx_tf_tags.c', 'a POST without an action',
      qr/changes something and has no audit action/ ])
{
    my ($was, $is, $file, $what, $why) = @$case;
    my ($code, $said) = tested($was, $is, $file);

    is $code, 1, "$what: nginx does not start";
    like $said, $why, "$what: and says why";
}

done_testing;
