<?php

/**
 * Which product is being saved right now, written down before it is, so that one that crashes PHP is found out.
 *
 * Used by Sync\Page. A process that dies leaves the name standing; the next one counts it, and after the second time
 * the product is left out of this sync, or none would ever come to its end.
 */

namespace Elmed\WooCommerce\Sync;

final class Suspect
{
    private const OPTION = 'elmed_sync_suspect';

    /** @var array{id: int, crashes: int}|null As it was found; read once a page. */
    private ?array $found = null;
    private bool $looked = false;

    /** This one is saved next. */
    public function name(int $id): void
    {
        $crashes = $this->found !== null && $this->found['id'] === $id ? $this->found['crashes'] + 1 : 0;
        update_option(self::OPTION, array('id' => $id, 'crashes' => $crashes), false);
    }

    /** Whether PHP died twice while saving this one. */
    public function crashedTwice(int $id): bool
    {
        if (!$this->looked) {
            $kept = get_option(self::OPTION);
            $this->found = is_array($kept) && isset($kept['id'], $kept['crashes']) ? $kept : null;
            $this->looked = true;
        }
        // Named once with 0 crashes before it; standing again with 1 before it means that it crashed twice.
        return $this->found !== null && $this->found['id'] === $id && $this->found['crashes'] >= 1;
    }

    /** The page is done: nobody crashed. */
    public function clear(): void
    {
        delete_option(self::OPTION);
        $this->found = null;
        $this->looked = true;
    }
}
