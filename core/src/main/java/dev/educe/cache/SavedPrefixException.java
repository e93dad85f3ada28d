package dev.educe.cache;

import java.io.IOException;

/// A file that is no prefix of this model and tenant, or is damaged.
public final class SavedPrefixException extends IOException {
  private static final long serialVersionUID = 1L;

  SavedPrefixException(String message) {
    super(message);
  }
}
