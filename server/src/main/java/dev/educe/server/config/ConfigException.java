package dev.educe.server.config;

/// A setting that is unknown or out of range; the message says where it came from and what to do.
public final class ConfigException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  ConfigException(String message) {
    super(message);
  }
}
