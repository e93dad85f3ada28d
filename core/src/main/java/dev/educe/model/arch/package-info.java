/// One description for each family of models.
package dev.educe.model.arch;
