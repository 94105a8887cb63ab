#!/usr/bin/env bash
# Writes the server's first migration anew from its entities, for both databases, and the models (Model/) that save the
# server building them at each start; a test says when these are old. As long as nothing is released there
# is one migration of the tables ("Initial", generated) and one of the rules ("Rules", written by hand); after that,
# add another with: dotnet ef migrations add NAME --project src/Server --context SqliteDbContext -o Migrations/Sqlite
# (and the same for PostgresDbContext). Needs the tool:
# dotnet tool install dotnet-ef --tool-path ~/.dotnet-ef --version 10.0.15
set -euo pipefail
cd "$(dirname "$0")/../.."
ef=${DOTNET_EF:-$HOME/.dotnet-ef/dotnet-ef}

rm -rf src/Server/Migrations/*/Model # made from the entities as they were, so it might not build
for kind in Sqlite Postgres; do
    folder=src/Server/Migrations/$kind
    mkdir -p "$folder"
    rm -f "$folder"/*_Initial.cs "$folder"/*_Initial.Designer.cs "$folder"/*ModelSnapshot.cs
    "$ef" migrations add Initial --project src/Server --context "${kind}DbContext" \
        --output-dir "Migrations/$kind"
    # A fixed name: "Rules" comes after it, and a database of yesterday says that it is one.
    id=$(basename "$folder"/*_Initial.cs .cs)
    mv "$folder/$id.cs" "$folder/20261101000000_Initial.cs"
    mv "$folder/$id.Designer.cs" "$folder/20261101000000_Initial.Designer.cs"
    sed -i "s/$id/20261101000000_Initial/" "$folder/20261101000000_Initial.Designer.cs"
    "$ef" dbcontext optimize --project src/Server --context "${kind}DbContext" \
        --output-dir "Migrations/$kind/Model" --namespace "Sallyport.Server.Migrations.$kind.Model"
done
