// The entry of the loadable extension `vesto`: registers its functions in the database that loads it.
#include "api.hpp"
#include "errors.hpp"
#include "functions.hpp"

namespace vesto::duckdb {

void register_function(Connection connection, const char* name, ScalarFunction function) {
    api().duckdb_scalar_function_set_name(function, name);
    if (api().duckdb_register_scalar_function(connection, function)) {
        throw SqlError(sqlstate::internal_error, "DuckDB does not take the function " + std::string(name));
    }
}

namespace {

void load(ExtensionInfo info, const ExtensionAccess& access) {
    if (const std::string mistake = resolve(info, access); !mistake.empty()) {
        throw SqlError("0A000", mistake);
    }
    Database* database = access.get_database(info);
    // Closed again at once: an open connection would keep the database's file locked.
    OwnedConnection connection;
    if (!database || api().duckdb_connect(*database, connection.out())) {
        throw SqlError(sqlstate::internal_error, "the extension vesto cannot connect to the database");
    }
    register_scoring_functions(connection.get());
    register_explain_function(connection.get());
    register_program_functions(connection.get());
}

}  // namespace

}  // namespace vesto::duckdb

// DuckDB looks for the file's name with `_init_c_api` behind it.
extern "C" __attribute__((visibility("default"))) bool vesto_init_c_api(
    vesto::duckdb::ExtensionInfo info, const vesto::duckdb::ExtensionAccess* access) noexcept {
    try {
        vesto::duckdb::load(info, *access);
        return true;
    } catch (...) {
        access->set_error(info, vesto::duckdb::text_of_current_exception().c_str());
        return false;
    }
}
