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
TaiFish::spew("$copy/objs/Makefile", $make);

# what make would take for older than the copy
sub touch {
    system('find', "$copy/objs", '-name', '*.o', '-exec', 'touch', '{}', '+')
        == 0 or die;
}

# nginx -t with a module in which $was of the list of statements is $is

sub tested {
    my ($was, $is) = @_;

    (my $wrong = $text) =~ s/$was/$is/ or die "no $was";
    touch();
    sleep 1;
    TaiFish::spew("$dir/tf_sql_list.c", $wrong);
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

done_testing;
