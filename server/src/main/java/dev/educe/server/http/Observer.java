package dev.educe.server.http;

/// Is told of each request once it is over, on the thread that handled it. It must not block.
@FunctionalInterface
public interface Observer {
  void over(Exchange exchange);
}
