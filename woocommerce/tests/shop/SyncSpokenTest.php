<?php
/**
 * What a screen reader hears of a sync: its beginning, each tenth, problems and the end, and nothing between.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Sync\Run;
use Elmed\WooCommerce\Sync\RunState;
use Elmed\WooCommerce\Sync\Spoken;
use Elmed\WooCommerce\Sync\SyncPage;

require_once __DIR__ . '/SyncCase.php';

final class SyncSpokenTest extends SyncCase {

	public function test_of_a_thousand_steps_a_dozen_are_heard(): void {
		$state = $this->running( 1000 );
		$heard = array();
		for ( $seen = 0; $seen < 1000; $seen++ ) {
			$state->counts['seen'] = $seen;
			$say                   = Spoken::of( $state );
			$heard[ $say['key'] ]  = $heard[ $say['key'] ] ?? $say['text'];
		}
		$this->assertCount( 10, $heard );
		$this->assertSame( array( 'The sync is running.', 'The sync is running: 10 percent.' ), array_slice( array_values( $heard ), 0, 2 ) );
		$this->assertSame( 'The sync is running: 90 percent.', end( $heard ) );
	}

	public function test_where_nobody_knows_how_many_there_are_only_the_beginning_is_heard(): void {
		$state = $this->running( 0 );
		$first = Spoken::of( $state );
		$state->counts['seen'] = 400;
		$this->assertSame( array( 'The sync is running.', $first ), array( $first['text'], Spoken::of( $state ) ) );
	}

	public function test_a_problem_and_a_wait_are_heard_once(): void {
		$state  = $this->running( 100 );
		$before = Spoken::of( $state )['key'];
		$state->counts['problem'] = 1;
		$with = Spoken::of( $state );
		$state->counts['problem'] = 2;
		$this->assertNotSame( $before, $with['key'] );
		$this->assertSame( $with['key'], Spoken::of( $state )['key'] );
		$this->assertStringEndsWith( '1 product with a problem.', $with['text'] );

		$state->error   = 'waiting';
		$state->next_at = time() + 300;
		$waits          = Spoken::of( $state );
		$state->next_at = time() + 60;
		$this->assertStringStartsWith( 'Sync: Waiting. The requests that ELMED allows a minute are used up.', $waits['text'] );
		$this->assertSame( $waits['key'], Spoken::of( $state )['key'] );
		$this->assertNotSame( $with['key'], $waits['key'] );
	}

	public function test_the_end_is_heard_and_an_unused_page_is_silent(): void {
		$this->assertSame( array( 'key' => '', 'text' => '' ), Spoken::of( null ) );
		$this->inElmed( 'ONE' );
		$state = $this->sync();
		$this->assertSame( 'Sync: Complete. 1 product looked at.', Spoken::of( $state )['text'] );
		$this->become( 'shop_manager' );
		ob_start();
		( new SyncPage() )->show();
		$this->assertMatchesRegularExpression( '/role="status" class="screen-reader-text" data-key="done[^"]*" data-now="Sync: Complete\. 1 product looked at\."><\/p>/', (string) ob_get_clean() );
	}

	private function running( int $last ): RunState {
		update_option( 'elmed_sync_last', array( 'full' => array( 'finished_at' => time(), 'started_at' => time(), 'counts' => array( 'seen' => $last ) ) ) );
		( new Run() )->start( 'manual' );
		return RunState::load();
	}
}
