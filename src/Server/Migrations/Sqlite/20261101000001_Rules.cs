using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Migrations.Sqlite;

/// <summary>
/// What the tables' shapes cannot say. A user's own name is entered among the names that mean him, so that one unique
/// key keeps users and aliases apart, whoever writes. Audit events, and what phones
/// signed, are only ever added.
/// </summary>
[DbContext(typeof(SqliteDbContext))]
[Migration("20261101000001_Rules")]
internal sealed class Rules : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        CREATE TRIGGER users_own_name AFTER INSERT ON users
        BEGIN
            INSERT INTO aliases ("Name", "UserId") VALUES (NEW."Name", NEW."Id");
        END;

        CREATE TRIGGER users_new_name AFTER UPDATE OF "Name" ON users WHEN NEW."Name" <> OLD."Name"
        BEGIN
            DELETE FROM aliases WHERE "Name" = OLD."Name";
            INSERT INTO aliases ("Name", "UserId") VALUES (NEW."Name", NEW."Id");
        END;

        CREATE TRIGGER audit_events_not_changed BEFORE UPDATE ON audit_events
        BEGIN
            SELECT RAISE(ABORT, 'audit events are never changed');
        END;

        CREATE TRIGGER audit_events_not_deleted BEFORE DELETE ON audit_events
        BEGIN
            SELECT RAISE(ABORT, 'audit events are never deleted');
        END;

        CREATE TRIGGER audit_events_not_replaced BEFORE INSERT ON audit_events
        WHEN EXISTS (SELECT 1 FROM audit_events WHERE "Id" = NEW."Id")
        BEGIN
            SELECT RAISE(ABORT, 'audit events are never replaced');
        END;

        CREATE TRIGGER approvals_not_changed BEFORE UPDATE ON approvals
        BEGIN
            SELECT RAISE(ABORT, 'approvals are never changed');
        END;

        CREATE TRIGGER approvals_not_deleted BEFORE DELETE ON approvals
        BEGIN
            SELECT RAISE(ABORT, 'approvals are never deleted');
        END;

        CREATE TRIGGER approvals_not_replaced BEFORE INSERT ON approvals
        WHEN EXISTS (SELECT 1 FROM approvals WHERE "TransactionId" = NEW."TransactionId")
        BEGIN
            SELECT RAISE(ABORT, 'approvals are never replaced');
        END;
        """);
}
