import java.io.BufferedOutputStream;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.net.URLClassLoader;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/// Copies a jar whose classes have the format of Java 5 and gives them that of Java 8: with stack
/// maps, by which the machine checks them in one pass, and without which it keeps none of them in
/// an ahead-of-time cache.
///
///     java RenewClasses.java OLD.jar NEW.jar
final class RenewClasses {
  private static final int OLD_MAX = ClassFile.JAVA_5_VERSION;
  private static final ClassTransform RENEW =
      ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL)
          .andThen((made, element) ->
              made.with(
                  element instanceof ClassFileVersion
                      ? ClassFileVersion.of(ClassFile.JAVA_8_VERSION, 0)
                      : element));

  private RenewClasses() {}

  public static void main(String[] arguments) throws IOException {
    var old = Path.of(arguments[0]);
    var jars = new URL[] {old.toUri().toURL()};
    try (var loader = new URLClassLoader(jars, ClassLoader.getPlatformClassLoader());
        var in = new ZipInputStream(Files.newInputStream(old));
        var out =
            new ZipOutputStream(
                new BufferedOutputStream(Files.newOutputStream(Path.of(arguments[1]))))) {
      var classes =
          ClassFile.of(
              StackMapsOption.GENERATE_STACK_MAPS,
              ClassFile.ClassHierarchyResolverOption.of(
                  ClassHierarchyResolver.ofResourceParsing(loader).cached()));
      for (ZipEntry entry; (entry = in.getNextEntry()) != null; ) {
        out.putNextEntry(new ZipEntry(entry.getName()));
        out.write(renewed(entry.getName(), in.readAllBytes(), classes));
        out.closeEntry();
      }
    }
  }

  private static byte[] renewed(String name, byte[] content, ClassFile classes) {
    if (!name.endsWith(".class")) {
      return content;
    }
    var parsed = classes.parse(content);
    return parsed.majorVersion() > OLD_MAX ? content : classes.transformClass(parsed, RENEW);
  }
}
