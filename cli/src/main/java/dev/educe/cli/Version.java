package dev.educe.cli;

import dev.educe.Educe;
import dev.educe.kernels.Kernels;
import picocli.CommandLine.IVersionProvider;

/// What `--version` prints: enough to say with what a result was made.
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    return new String[] {
      "educe " + Educe.VERSION,
      "arithmetic contract " + Kernels.CONTRACT_VERSION,
      "%s %s (%s) on %s %s"
          .formatted(
              System.getProperty("java.vm.name"),
              Runtime.version(),
              System.getProperty("java.vendor"),
              System.getProperty("os.name"),
              System.getProperty("os.arch"))
    };
  }
}
