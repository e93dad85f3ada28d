package dev.educe.platform;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;

/// What this machine is.
public final class Machine {
  private static final Path CPUS = Path.of("/sys/devices/system/cpu");

  private Machine() {}

  /// How much memory this process may use, of the machine or its container.
  public static long memoryBytes() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }

  /// How many cores this process may use, counting hardware threads of one core once.
  ///
  /// Two threads of one core share its arithmetic units, so computing with both only adds noise.
  /// Where the operating system does not tell, every processor counts.
  public static int physicalCores() {
    int processors = Runtime.getRuntime().availableProcessors();
    var cores = new HashSet<String>();
    int known = 0;
    try (var cpus = Files.newDirectoryStream(CPUS, "cpu[0-9]*")) {
      for (Path cpu : cpus) {
        var siblings = cpu.resolve("topology/thread_siblings_list");
        if (Files.isReadable(siblings)) {
          cores.add(Files.readString(siblings).strip());
          known++;
        }
      }
    } catch (IOException | SecurityException notLinux) {
      return processors;
    }
    if (known == 0) {
      return processors;
    }
    // A container may have fewer processors than the machine: keep the machine's ratio.
    return Math.max(1, (int) Math.min(cores.size(), (long) processors * cores.size() / known));
  }
}
