import com.apollographql.apollo.compiler.ApolloCompiler
import com.apollographql.apollo.compiler.CodegenSchemaOptions
import com.apollographql.apollo.compiler.TargetLanguage
import com.apollographql.apollo.compiler.buildCodegenOptions
import com.apollographql.apollo.compiler.buildIrOptions
import com.apollographql.apollo.compiler.codegen.writeTo
import com.apollographql.apollo.compiler.toInputFiles
import java.io.File

/** Generates the operations and all types of the schema: Generate <folder of the documents> <folder to write to>. */
fun main(arguments: Array<String>) {
  val (documents, output) = arguments.map(::File)
  ApolloCompiler.buildSchemaAndOperationsSources(
    schemaFiles = listOf(documents.resolve("schema.graphql")).toInputFiles(),
    executableFiles = listOf("chat.graphql", "operations")
      .flatMap { documents.resolve(it).walk().filter(File::isFile) }
      .toInputFiles(),
    codegenSchemaOptions = CodegenSchemaOptions(),
    irOptions = buildIrOptions(alwaysGenerateTypesMatching = setOf(".*")),
    codegenOptions = buildCodegenOptions(targetLanguage = TargetLanguage.KOTLIN_1_9, packageName = "segue"),
    layoutFactory = null,
    operationIdsGenerator = null,
    irOperationsTransform = null,
    javaOutputTransform = null,
    kotlinOutputTransform = null,
    documentTransform = null,
    schemaDocumentTransform = null,
    logger = null,
    operationManifestFile = null,
  ).writeTo(output, true, null)
}
