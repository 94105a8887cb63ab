using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Migrations.Postgres;

/// <summary>
/// What the tables' shapes cannot say. A user's own name is entered among the names that mean him, so that one unique
/// key keeps users and aliases apart, whoever writes. Audit events, and what phones
/// signed, are only ever added.
/// </summary>
[DbContext(typeof(PostgresDbContext))]
[Migration("20261101000001_Rules")]
internal sealed class Rules : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        CREATE FUNCTION users_enter_name() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                DELETE FROM aliases WHERE "Name" = OLD."Name";
            END IF;
            INSERT INTO aliases ("Name", "UserId") VALUES (NEW."Name", NEW."Id");
            RETURN NULL;
        END
        $$;

        CREATE TRIGGER users_own_name AFTER INSERT ON users
            FOR EACH ROW EXECUTE FUNCTION users_enter_name();

        CREATE TRIGGER users_new_name AFTER UPDATE OF "Name" ON users
            FOR EACH ROW WHEN (NEW."Name" <> OLD."Name") EXECUTE FUNCTION users_enter_name();

        CREATE FUNCTION audit_events_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'audit events are never changed or deleted';
        END
        $$;

        CREATE TRIGGER audit_events_not_changed BEFORE UPDATE OR DELETE ON audit_events
            FOR EACH ROW EXECUTE FUNCTION audit_events_refuse();

        CREATE TRIGGER audit_events_not_emptied BEFORE TRUNCATE ON audit_events
            FOR EACH STATEMENT EXECUTE FUNCTION audit_events_refuse();

        CREATE FUNCTION approvals_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'approvals are never changed or deleted';
        END
        $$;

        CREATE TRIGGER approvals_not_changed BEFORE UPDATE OR DELETE ON approvals
            FOR EACH ROW EXECUTE FUNCTION approvals_refuse();

        CREATE TRIGGER approvals_not_emptied BEFORE TRUNCATE ON approvals
            FOR EACH STATEMENT EXECUTE FUNCTION approvals_refuse();
        """);
}
