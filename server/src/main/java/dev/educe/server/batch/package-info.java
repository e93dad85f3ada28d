/// Work that waits: files of requests, answered one by one when nobody else needs the machine, and
/// kept on disk so that no request is lost and none answered twice, whenever the process ends.
package dev.educe.server.batch;
