package TaiFish::Client;

# An HTTP client with cookies and the CSRF header.  Paths that do not start
# with /api, /health or /metrics are below /api/v1.

use strict;
use warnings;
use utf8;

use HTTP::Tiny;
use JSON::PP ();
use Socket qw(IPPROTO_TCP TCP_NODELAY);

# HTTP::Tiny sends a body after its header; without this the body waits until
# the other side acknowledges the header, 40 ms later.

{
    no warnings 'redefine';
    my $connect = \&HTTP::Tiny::Handle::connect;

    *HTTP::Tiny::Handle::connect = sub {
        my $handle = $connect->(@_);
        setsockopt $handle->{fh}, IPPROTO_TCP, TCP_NODELAY, 1;
        return $handle;
    };
}

my $json = JSON::PP->new->utf8->canonical->allow_nonref;

sub new {
    my ($class, %opt) = @_;
    my $self = bless { base => $opt{base}, cookies => {},
                       headers => $opt{headers} || {} }, $class;

    $self->{http} = HTTP::Tiny->new(max_redirect => 0,
        timeout => $opt{timeout} || 60, keep_alive => 1,
        agent => 'taifish-test');
    return $self;
}

sub cookie {
    my ($self, $name, $value) = @_;
    $self->{cookies}{$name} = $value if @_ > 2;
    return $self->{cookies}{$name};
}

# The token that writes need; asked for once, and again after a sign-in.

sub csrf {
    my ($self) = @_;
    # get() keeps the token it sees
    $self->get('/auth/csrf-token') unless defined $self->{csrf};
    return $self->{csrf} // '';
}

sub url {
    my ($self, $path) = @_;
    $path = "/api/v1$path" unless $path =~ m{^/(?:api|health|metrics)\b};
    return $self->{base} . $path;
}

# request(method, path, body, headers): body is sent as JSON when it is a
# reference, as it is otherwise.  A header of value undef is left out.

sub request {
    my ($self, $method, $path, $body, $headers) = @_;
    my %headers = (%{ $self->{headers} });
    my %args;

    if (defined $body) {
        $headers{'content-type'} = 'application/json';
        $args{content} = ref $body ? $json->encode($body) : $body;
        utf8::encode($args{content}) if utf8::is_utf8($args{content});

    } elsif ($method =~ /^(?:POST|PUT|PATCH)$/) {
        $args{content} = '';
    }

    if (%{ $self->{cookies} }) {
        $headers{cookie} = join '; ',
            map { "$_=$self->{cookies}{$_}" } sort keys %{ $self->{cookies} };
    }

    if ($method !~ /^(?:GET|HEAD|OPTIONS)$/
        && !($headers && exists $headers->{'x-csrftoken'}))
    {
        $headers{'x-csrftoken'} = $self->csrf;
        if (my $sent = $self->{cookies}) {
            $headers{cookie} = join '; ',
                map { "$_=$sent->{$_}" } sort keys %$sent if %$sent;
        }
    }

    %headers = (%headers, %{ $headers || {} });
    delete $headers{$_} for grep { !defined $headers{$_} } keys %headers;
    $args{headers} = \%headers;

    my $r = TaiFish::Response->new($self->{http}->request($method,
        $self->url($path), \%args));

    $self->_keep($r);
    return $r;
}

sub _keep {
    my ($self, $r) = @_;
    my $set = $r->{headers}{'set-cookie'};

    for my $line (ref $set ? @$set : defined $set ? $set : ()) {
        my ($name, $value, $rest) = $line =~ /^([^=;]+)=([^;]*)(.*)$/ or next;
        if ($value eq '' || $rest =~ /max-age=0\b/i) {
            delete $self->{cookies}{$name};
        } else {
            $self->{cookies}{$name} = $value;
        }
        delete $self->{csrf};
    }

    my $data = $r->data;
    $self->{csrf} = $data->{csrf_token}
        if ref $data eq 'HASH' && $data->{csrf_token};
}

sub get    { my ($s, $p, $h) = @_; $s->request('GET', $p, undef, $h) }
sub head   { my ($s, $p, $h) = @_; $s->request('HEAD', $p, undef, $h) }
sub delete { my ($s, $p, $b, $h) = @_; $s->request('DELETE', $p, $b, $h) }
sub post   { my $s = shift; $s->request('POST', @_) }
sub put    { my $s = shift; $s->request('PUT', @_) }
sub patch  { my $s = shift; $s->request('PATCH', @_) }


package TaiFish::Response;

sub new {
    my ($class, $r) = @_;
    return bless { %$r }, $class;
}

sub status { $_[0]{status} }
sub body   { $_[0]{content} }
sub header { $_[0]{headers}{ lc $_[1] } }

# The whole answer; undef when it is not JSON.

sub json {
    my ($self) = @_;
    return $self->{json} if exists $self->{json};
    return $self->{json} = eval { $json->decode($self->{content}) };
}

sub field {
    my ($self, $name) = @_;
    my $j = $self->json;
    return ref $j eq 'HASH' ? $j->{$name} : undef;
}

sub data    { $_[0]->field('data') }
sub code    { $_[0]->field('message_code') }
sub message { $_[0]->field('message') }

sub as_string {
    my ($self) = @_;
    my $body = substr $self->{content} // '', 0, 2000;
    utf8::decode($body);
    return "$self->{status} $body";
}

1;
