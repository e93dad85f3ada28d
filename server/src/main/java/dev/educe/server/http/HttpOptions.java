package dev.educe.server.http;

import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/// Where a server listens, and how patient it is.
///
/// @param host name or address to bind
/// @param port to bind; 0 takes a free one
/// @param tls for `https`
/// @param headerBytesMax how long the request line and headers may be together
/// @param headTime how long they may take to arrive
/// @param bodyTime how long a body may take to arrive
/// @param idleTime how long a connection may be silent while nothing is under way, and how long a
///   client may take nothing of what it is sent
/// @param connectionsMax how many connections there may be at once
public record HttpOptions(
    String host,
    int port,
    Optional<SSLContext> tls,
    int headerBytesMax,
    Duration headTime,
    Duration bodyTime,
    Duration idleTime,
    int connectionsMax) {}
