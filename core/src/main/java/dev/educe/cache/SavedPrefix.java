package dev.educe.cache;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;

/// Keeps the pages of a prompt in a file, so that another process need not compute them.
///
/// All numbers are big-endian:
///
/// | bytes | |
/// |---|---|
/// | 8 | `EDUCEPFX` |
/// | 4 | version of this layout: 1 |
/// | 4 | version of the arithmetic contract |
/// | 4 × (2 + n) | tenant, model, adapter, KV format: length and modified UTF-8 |
/// | 4 | tokens of a page |
/// | 8 | bytes of a page |
/// | 4 | pages |
/// | 4 × tokens | the tokens of all pages |
/// | pages × bytes | the pages, as the executor lays them out |
/// | 8 | CRC-32C of all before |
///
/// Only the thread that steps may call it, for it uses the pages.
public final class SavedPrefix {
  private static final long MAGIC = 0x4544554345504658L; // EDUCEPFX
  private static final int VERSION = 1;

  private final PrefixTree tree;
  private final PagePool pool;
  private final PageStore store;

  public SavedPrefix(PrefixTree tree, PagePool pool, PageStore store) {
    this.tree = tree;
    this.pool = pool;
    this.store = store;
  }

  /// Writes the pages that the tree has of these tokens. A file of that name is replaced at once or
  /// not at all.
  ///
  /// @param key of the tree
  /// @param fileKey the same, with what tells the model's weights from all others
  /// @return how many tokens were saved
  public int write(Path file, PrefixKey key, PrefixKey fileKey, int[] tokens) throws IOException {
    Path beside = file.resolveSibling(file.getFileName() + ".part");
    var table = new PageTable(pool);
    try (table;
        var path = tree.path(key, table)) {
      int known = path.follow(tokens, tokens.length);
      var checked =
          new CheckedOutputStream(
              new BufferedOutputStream(Files.newOutputStream(beside)), new CRC32C());
      try (var out = new DataOutputStream(checked)) {
        writeHead(out, fileKey);
        out.writeInt(table.count());
        for (int i = 0; i < known; i++) {
          out.writeInt(tokens[i]);
        }
        byte[] page = new byte[Math.toIntExact(store.pageBytes())];
        for (int i = 0; i < table.count(); i++) {
          store.copyOut(table.pages()[i], MemorySegment.ofArray(page));
          out.write(page);
        }
        out.flush();
        out.writeLong(checked.getChecksum().getValue());
      }
      Files.move(beside, file, StandardCopyOption.REPLACE_EXISTING);
      return known;
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  private void writeHead(DataOutputStream out, PrefixKey key) throws IOException {
    out.writeLong(MAGIC);
    out.writeInt(VERSION);
    out.writeInt(key.contract());
    for (String part : parts(key)) {
      out.writeUTF(part);
    }
    out.writeInt(pool.pageTokens());
    out.writeLong(store.pageBytes());
  }

  private static String[] parts(PrefixKey key) {
    return new String[] {key.tenant(), key.model(), key.adapter(), key.kv()};
  }

  /// Puts the pages of a file into the tree.
  ///
  /// @param key of the tree
  /// @param fileKey what the file must be for
  /// @return how many tokens it holds
  /// @throws SavedPrefixException if the file is damaged, or is for something else, or does not fit
  ///   the cache
  public int read(Path file, PrefixKey key, PrefixKey fileKey) throws IOException {
    var checked =
        new CheckedInputStream(new BufferedInputStream(Files.newInputStream(file)), new CRC32C());
    try (var in = new DataInputStream(checked)) {
      readHead(file, in, fileKey);
      return readPages(file, in, checked, key);
    } catch (EOFException _) {
      throw refused(file, "it ends before its last page");
    }
  }

  private void readHead(Path file, DataInputStream in, PrefixKey key) throws IOException {
    expect(file, "beginning", MAGIC, in.readLong());
    expect(file, "layout version", VERSION, in.readInt());
    expect(file, "arithmetic contract", key.contract(), in.readInt());
    String[] names = {"tenant", "model", "adapter", "KV format"};
    String[] parts = parts(key);
    for (int i = 0; i < parts.length; i++) {
      byte[] text = new byte[in.readUnsignedShort()];
      in.readFully(text);
      if (!Arrays.equals(text, encoded(parts[i]))) {
        throw refused(file, "it was saved for another " + names[i]);
      }
    }
    expect(file, "tokens of a page", pool.pageTokens(), in.readInt());
    expect(file, "bytes of a page", store.pageBytes(), in.readLong());
  }

  /// As [DataOutputStream#writeUTF] does, without the length.
  private static byte[] encoded(String text) throws IOException {
    var bytes = new ByteArrayOutputStream();
    new DataOutputStream(bytes).writeUTF(text);
    return Arrays.copyOfRange(bytes.toByteArray(), 2, bytes.size());
  }

  private int readPages(Path file, DataInputStream in, CheckedInputStream checked, PrefixKey key)
      throws IOException {
    int pages = in.readInt();
    if (pages < 0 || pages > pool.pages()) {
      throw refused(file, "its %,d pages do not fit the cache of %,d", pages, pool.pages());
    }
    int[] tokens = new int[pages * pool.pageTokens()];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = in.readInt();
    }
    var table = new PageTable(pool);
    try (table;
        var path = tree.path(key, table)) {
      int missing = pages - pool.freePages();
      if (missing > 0) {
        tree.evict(missing);
      }
      if (!table.tryReserve(tokens.length)) {
        throw refused(file, "its %,d pages find only %,d free", pages, pool.freePages());
      }
      byte[] page = new byte[Math.toIntExact(store.pageBytes())];
      for (int i = 0; i < pages; i++) {
        in.readFully(page);
        store.copyIn(table.pages()[i], MemorySegment.ofArray(page));
      }
      long sum = checked.getChecksum().getValue();
      if (in.readLong() != sum || in.read() >= 0) {
        throw refused(file, "it is damaged: its checksum is wrong");
      }
      path.add(tokens, tokens.length);
      return tokens.length;
    }
  }

  private static void expect(Path file, String what, long expected, long found)
      throws SavedPrefixException {
    if (expected != found) {
      throw refused(file, "its %s is %d, expected %d", what, found, expected);
    }
  }

  private static SavedPrefixException refused(Path file, String reason, Object... values) {
    return new SavedPrefixException(
        "%s is no saved prefix that can be used here: %s"
            .formatted(file.getFileName(), reason.formatted(values)));
  }
}
