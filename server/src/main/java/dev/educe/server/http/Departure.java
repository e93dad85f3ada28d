package dev.educe.server.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.BufferUtil;

/// Sees that a client has left while it is not written to.
///
/// HTTP/1.1 connections are not read while a request is handled, so that the end of one goes
/// unnoticed until something is written. Here the connection is asked for a byte: its end shows,
/// and a byte of the next request, which some clients send ahead, is put back where it will be
/// read. Only after the body was read: until then the connection is read by somebody else.
final class Departure {
  private final EndPoint endPoint;
  private final Connection connection;
  private final ByteBuffer peeked = BufferUtil.allocate(1);
  private boolean isGone;
  private boolean hasNextRequest; // the end of the connection cannot be seen behind it

  Departure(Request request) {
    this.connection = request.getConnectionMetaData().getConnection();
    this.endPoint = connection.getEndPoint();
  }

  boolean isSeen() {
    if (isGone || hasNextRequest) {
      return isGone;
    }
    try {
      int filled = endPoint.fill(peeked);
      isGone = filled < 0 || !endPoint.isOpen();
      if (filled > 0 && connection instanceof Connection.UpgradeTo reader) {
        hasNextRequest = true;
        reader.onUpgradeTo(peeked);
      }
    } catch (IOException _) {
      isGone = true;
    }
    return isGone;
  }
}
