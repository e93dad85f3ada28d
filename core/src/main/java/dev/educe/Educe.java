package dev.educe;

/// The project's name and version.
public final class Educe {
  /// As the build has it.
  public static final String VERSION = "0.1.0-SNAPSHOT";

  private Educe() {}
}
