package dev.educe.server.http;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.Blocker;

/// Reads the body of a request within limits of length and time.
///
/// @param duration how long a body may take to arrive
record BodyReader(Duration duration) {
  private static final int FIRST_BYTES_MAX = 64 << 10;
  private static final long SKIP_NANOS_MAX = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long SKIP_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  /// @param mediaType that it must be of, in lower case
  /// @param bytesMax how long it may be
  /// @param out takes it
  /// @throws ApiException if it is too long, too slow, or of another type
  void read(Request request, String mediaType, int bytesMax, OutputStream out) throws IOException {
    checkHeaders(request, mediaType, bytesMax);
    long count = 0;
    long deadline = System.nanoTime() + duration.toNanos();
    while (true) {
      Content.Chunk chunk = next(request);
      try {
        if (Content.Chunk.isFailure(chunk)) {
          throw failed(chunk.getFailure());
        }
        if (count + chunk.remaining() > bytesMax) {
          throw tooLong(bytesMax);
        }
        var buffer = chunk.getByteBuffer();
        var part = new byte[buffer.remaining()];
        buffer.get(part);
        out.write(part);
        count += part.length;
        if (chunk.isLast()) {
          return;
        }
      } finally {
        chunk.release();
      }
      if (System.nanoTime() - deadline > 0) {
        throw tooSlow();
      }
    }
  }

  /// Reads what is under way of a body that nobody wanted, if it is short: a connection that is
  /// closed with bytes unread is reset, and its client may see that in place of the answer.
  static void skip(Request request) {
    long deadline = System.nanoTime() + SKIP_NANOS_MAX;
    int skipped = 0;
    while (skipped < FIRST_BYTES_MAX && System.nanoTime() - deadline < 0) {
      Content.Chunk chunk = request.read();
      if (chunk == null) {
        LockSupport.parkNanos(SKIP_LOOK_NANOS);
        continue;
      }
      boolean isOver = chunk.isLast() || Content.Chunk.isFailure(chunk);
      skipped += chunk.remaining();
      chunk.release();
      if (isOver) {
        return;
      }
    }
  }

  private static void checkHeaders(Request request, String mediaType, int bytesMax) {
    var headers = request.getHeaders();
    String type = headers.get(HttpHeader.CONTENT_TYPE);
    if (type == null || !isOf(mediaType, type)) {
      throw unsupported("content-type", mediaType);
    }
    List<String> encodings = headers.getValuesList(HttpHeader.CONTENT_ENCODING);
    if (encodings.stream().anyMatch(encoding -> !encoding.equalsIgnoreCase("identity"))) {
      throw unsupported("content-encoding", "identity");
    }
    if (request.getLength() > bytesMax) {
      throw tooLong(bytesMax);
    }
  }

  private static boolean isOf(String mediaType, String type) {
    String[] parts = type.toLowerCase(Locale.ROOT).split(";", 2);
    boolean isText = !mediaType.startsWith("multipart/"); // whose boundary is for others to read
    return parts[0].strip().equals(mediaType)
        && (parts.length == 1 || !isText || parts[1].strip().matches("(charset=\"?utf-8\"?)?"));
  }

  private static Content.Chunk next(Request request) throws IOException {
    while (true) {
      Content.Chunk chunk = request.read();
      if (chunk != null) {
        return chunk;
      }
      try (var blocker = Blocker.runnable()) {
        request.demand(blocker);
        blocker.block();
      }
    }
  }

  private static RuntimeException failed(Throwable failure) {
    return switch (failure) {
      case TimeoutException _ -> tooSlow();
      case Throwable bad when bad instanceof HttpException ->
          new ApiException(ApiError.badRequest("bad_request", "The body is no valid HTTP."));
      default -> new ClientGoneException(failure);
    };
  }

  private static ApiException unsupported(String header, String wanted) {
    return new ApiException(
        ApiError.of(
            415,
            ApiError.INVALID_REQUEST,
            "unsupported_media_type",
            "The body must come with %s: %s.".formatted(header, wanted)));
  }

  static ApiException tooLong(int bytesMax) {
    return new ApiException(
        ApiError.of(
            413,
            ApiError.INVALID_REQUEST,
            "request_too_large",
            "The body is longer than the %,d bytes allowed here.".formatted(bytesMax)));
  }

  private static ApiException tooSlow() {
    return new ApiException(
        ApiError.of(408, "timeout", "request_timeout", "The body took too long to arrive."));
  }
}
