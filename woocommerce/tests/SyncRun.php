<?php
/**
 * A whole sync in a process of its own, as a job runner or `wp elmed sync` would drive it, for the journeys.
 *
 * What it prints at its end: how it went, its counts, seconds, and the most memory that PHP used.
 */

namespace Elmed\WooCommerce\Tests;

final class SyncRun {

	private const STEPS = '
		$run = new \Elmed\WooCommerce\Sync\Run();
		$began = microtime( true );
		do {
			$state = $run->step();
			$wait  = $state ? min( 61, max( 0, $state->next_at - time() ) ) : 1;
			if ( $wait ) { sleep( $wait ); }
		} while ( null === $state || $state->running() );
		echo json_encode( array( "state" => $state->state, "error" => $state->error, "counts" => $state->counts, "seconds" => round( microtime( true ) - $began, 1 ), "memory" => memory_get_peak_usage() / 1048576 ) );';

	/** A new sync to its end. @return array<string, mixed> state, error, counts, seconds, memory (MB). */
	public static function whole( bool $full = true, string $memory = '128M' ): array {
		return json_decode( Process::run( self::begin( $full ) . self::STEPS, $memory ), true );
	}

	/** A new sync, begun and left alone. */
	public static function start( bool $full = true ): Process {
		return Process::start( self::begin( $full ) . self::STEPS, '128M' );
	}

	/** Go on with the one that was begun. @return array<string, mixed> */
	public static function further(): array {
		return json_decode( Process::run( self::STEPS, '128M' ), true );
	}

	private static function begin( bool $full ): string {
		return '( new \Elmed\WooCommerce\Sync\Run() )->start( "cli", ' . var_export( $full, true ) . ' );';
	}
}
